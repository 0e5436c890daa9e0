import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { Log } from '../logging/log.js';
import { Metrics } from '../metrics/metrics.js';
import { ProcessChannel } from './process-channel.js';

/** ms between two looks */
const INTERVAL = 2_000;
/** Longest way of a hint to oneself and of its answer (ms). */
const ECHO_WITHIN = 2_000;

/**
 * Listens whether this process hears what is sent to it. A subscription can be dead without a sign: its host vanished without a
 * word, or Redis was asked for it in a bad moment. Whoever only listens would never know.
 */
@Injectable()
export class ChannelWatch implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer?: NodeJS.Timeout;
  private looking = false;
  private readonly deafCount;

  constructor(
    private readonly channel: ProcessChannel,
    private readonly log: Log,
    metrics: Metrics,
  ) {
    this.deafCount = metrics.counter(
      'stoa_channel_deaf_total',
      'Times that this process did not hear its own channel and subscribed anew',
    );
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.look(), INTERVAL);
    this.timer.unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Skipped while one runs. */
  async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    if ((await this.channel.echo(ECHO_WITHIN)) === 'unheard') {
      this.deafCount.inc();
      this.log.warn({ event: 'channel.deaf' });
      this.channel.resubscribe();
    }
    this.looking = false;
  }
}
