import { Injectable } from '@nestjs/common';
import { Metrics } from '../platform/metrics/metrics.js';
import { ProcessChannel } from '../platform/realtime/process-channel.js';
import type { ChannelMessage } from '../platform/realtime/process-channel.js';
import { ConnectionRegistry } from './connection-registry.js';
import { PresenceRoutes } from './presence-routes.js';

/** To the process that holds a user's connection. */
export type UserHint = ChannelMessage & {
  userId: string;
  /** It went astray once: a route that was remembered named a process which the user had left. */
  forwarded?: boolean;
};

type HintListener = (hint: UserHint) => void;

/** Sends hints to users on other processes, and those that come too late to where the user is now, once. Best effort: the beacon heals. */
@Injectable()
export class UserHints {
  private readonly listeners = new Map<string, HintListener>();
  private readonly astray;

  constructor(
    private readonly channel: ProcessChannel,
    private readonly routes: PresenceRoutes,
    private readonly registry: ConnectionRegistry,
    metrics: Metrics,
  ) {
    this.astray = metrics.counter(
      'stoa_presence_hints_astray_total',
      'Hints that met nobody where they were sent: forwarded to where the user is now, or lost',
      { labels: ['outcome'] },
    );
    channel.onUnheard((processId, message) => {
      if (this.listeners.has(message.type)) this.forward(message as UserHint, processId);
    });
  }

  /** Handles hints of a type to users whose connection is here; one listener per type. */
  on<Hint extends UserHint>(type: Hint['type'], listener: (hint: Hint) => void): void {
    this.listeners.set(type, listener as HintListener);
    this.channel.on<Hint>(type, (hint) => {
      if (!this.deliver(hint)) this.forward(hint, this.channel.processId);
    });
  }

  /** To whom is not here; nothing where nobody is. */
  send(hint: UserHint): void {
    const process = this.routes.processOf(hint.userId);
    if (process instanceof Promise) void process.then((found) => this.sendTo(found, hint));
    else if (process === undefined) this.astray.inc({ outcome: 'lost' });
    else this.sendTo(process, hint);
  }

  private sendTo(process: string | undefined, hint: UserHint): void {
    if (process && process !== this.channel.processId) this.channel.send(process, hint);
  }

  private deliver(hint: UserHint): boolean {
    const isHere = this.registry.find(hint.userId) !== undefined;
    if (isHere) this.listeners.get(hint.type)?.(hint);
    return isHere;
  }

  /** @param tried where nobody was */
  private forward(hint: UserHint, tried: string): void {
    const process = hint.forwarded ? undefined : this.routes.processNow(hint.userId);
    if (process) void process.then((found) => this.sendAgain(found, hint, tried));
    else this.astray.inc({ outcome: 'lost' });
  }

  private sendAgain(process: string | undefined, hint: UserHint, tried: string): void {
    // Came here meanwhile.
    if (this.deliver(hint)) return;
    const isElsewhere = process !== undefined && process !== tried && process !== this.channel.processId;
    this.astray.inc({ outcome: isElsewhere ? 'forwarded' : 'lost' });
    if (isElsewhere) this.channel.send(process, { ...hint, forwarded: true });
  }
}
