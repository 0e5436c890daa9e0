import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { Busy } from '../errors/stoa-error.js';
import { Log } from '../logging/log.js';
import { Metrics } from '../metrics/metrics.js';
import { RESTED, nextLoad } from './load-level.js';

/** ms between two samples */
const SAMPLE = 1_000;
/** Grain of Node's own measurement (ms): an idle loop shows about this much. */
const RESOLUTION = 20;
/** When a refused client may ask again (ms). */
const RETRY_AFTER = 5_000;

/** Watches the event loop; an overloaded process sheds new work first, and never a conversation. */
@Injectable()
export class LoadMonitor implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly delay = monitorEventLoopDelay({ resolution: RESOLUTION });
  private readonly shed;
  private state = RESTED;
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly log: Log,
    metrics: Metrics,
  ) {
    this.shed = metrics.counter('stoa_load_shed_total', 'What was refused because the event loop lagged', {
      labels: ['what'],
    });
  }

  /** @throws Busy while new connections are refused */
  admitHandshake(): void {
    if (this.state.level !== 'normal') this.refuse('handshake');
  }

  /** @throws Busy while new searches are refused */
  admitSearch(): void {
    if (this.state.level === 'no_searches') this.refuse('search');
  }

  onApplicationBootstrap(): void {
    this.delay.enable();
    this.timer = setInterval(() => this.sample(), SAMPLE);
    this.timer.unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
    this.delay.disable();
  }

  private sample(): void {
    const lagMs = this.delay.count > 0 ? this.delay.mean / 1e6 : 0;
    this.delay.reset();
    const before = this.state.level;
    this.state = nextLoad(this.state, lagMs, SAMPLE);
    const { level } = this.state;
    if (level !== before) this.log.warn({ event: 'load.level_changed', level, before, lagMs: Math.round(lagMs) });
  }

  private refuse(what: 'handshake' | 'search'): never {
    this.shed.inc({ what });
    throw new Busy(RETRY_AFTER);
  }
}
