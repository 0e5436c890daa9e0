import { Injectable } from '@nestjs/common';
import type { RevokeReason, ServerEvent, ServerEvents } from '../contracts/socket-events.js';
import type { State } from '../contracts/state.dto.js';
import { Log } from '../platform/logging/log.js';
import { emitBehindReady } from '../platform/realtime/behind-ready.js';
import { answersOf, closeConnection } from '../platform/realtime/close-connection.js';
import { Metrics } from '../platform/metrics/metrics.js';
import type { Connection } from '../platform/realtime/connection.types.js';
import { sendEvent } from '../platform/realtime/socket-writer.js';
import { ProcessChannel } from '../platform/realtime/process-channel.js';
import { ConnectionHolds } from './connection-holds.js';
import { ConnectionRegistry } from './connection-registry.js';
import type { Hold } from './presence.scripts.js';
import { UserHints } from './user-hints.js';
import type { UserHint } from './user-hints.js';

type EmitMessage = { type: 'emit'; userId: string; event: ServerEvent; payload: unknown };
/** To the process of an older connection: a newer one is live elsewhere. */
export type SupersedeMessage = { type: 'supersede'; userId: string; connection: string };
/** To the process that Redis names: does it still have that connection, or did Redis run a claim long after its client went? */
export type ContestMessage = {
  type: 'contest';
  userId: string;
  connection: string;
  rival: { process: string; connection: string };
};
type RevokeMessage = { type: 'revoke'; userId: string; sessionId: string | null; reason: RevokeReason };

/** Events that wait for one connection's `session:ready`; what is beyond is dropped, and the beacon heals it. */
const MAX_HELD = 256;

/** How long another process has for what it is asked (ms); a newcomer waits until the older connection there has its answers: 750, and the way. */
const ELSEWHERE_WITHIN = 1_000;

/** Where a user is: at most one live connection, the newest, on whichever process it ends; and the way to reach it. */
@Injectable()
export class PresenceService {
  private readonly droppedCount;
  private readonly supersededCount;
  private unsettled: () => void = () => undefined;

  constructor(
    private readonly holds: ConnectionHolds,
    private readonly registry: ConnectionRegistry,
    private readonly channel: ProcessChannel,
    private readonly hints: UserHints,
    private readonly log: Log,
    metrics: Metrics,
  ) {
    this.droppedCount = metrics.counter(
      'stoa_presence_held_dropped_total',
      'Events dropped while a connection was received',
    );
    this.supersededCount = metrics.counter(
      'stoa_presence_superseded_total',
      'Connections closed because the same user has a newer one',
    );
    hints.on<EmitMessage>('emit', ({ userId, event, payload }) => void this.emitHere(userId, event, payload));
    hints.on<RevokeMessage>(
      'revoke',
      ({ userId, sessionId, reason }) => void this.revokeHere(userId, sessionId, reason),
    );
  }

  /**
   * Makes `connection` the user's live one. The older one, wherever it is, is told and closed. Ends when what that one had asked
   * is answered, within a second: a message of the user's own that was under way is then in whatever is read next.
   * @returns whether there was an older one, as far as is known
   */
  async attach(connection: Connection): Promise<boolean> {
    connection.data.held = [];
    const previous = this.registry.put(connection);
    const answeredHere = previous && this.supersede(previous);
    let tookOver = previous !== undefined;
    connection.data.generation = Date.now() * 1_000;
    try {
      tookOver = (await this.settle(connection, await this.holds.claim(connection))) || tookOver;
    } catch (error) {
      // Redis is away: the newest by our clock wins, and a round of heartbeats settles it when Redis is back.
      this.log.warn({ event: 'presence.unsettled', err: error });
      this.unsettled();
    }
    await answeredHere;
    return tookOver;
  }

  /** Sends `session:ready`, then what came meanwhile: subscribed first, read second, merged by the client. */
  announceReady(connection: Connection, state: State): void {
    connection.emit('session:ready', state);
    for (const [event, payload] of connection.data.held ?? []) connection.emit(event, payload as never);
    delete connection.data.held;
  }

  /** Calls `listener` whenever it could not be settled which connection of a user is the live one. */
  onUnsettled(listener: () => void): void {
    this.unsettled = listener;
  }

  /** Renews the hold of a connection; a newer one elsewhere, if it lives, ends this one. @throws when Redis is away */
  async renew(connection: Connection): Promise<void> {
    const hold = await this.holds.renew(connection);
    void (hold.live ? this.settle(connection, hold) : this.contest(connection, hold));
  }

  /** @returns true when the user has no live connection any more */
  async detach(connection: Connection): Promise<boolean> {
    if (!this.registry.remove(connection)) return false;
    try {
      return await this.holds.release(connection.data.identity.userId, connection.data.connectionId);
    } catch {
      // The lease ends by itself. To say "gone" wrongly costs the partner a moment of "reconnecting".
      return true;
    }
  }

  /** Sends an event to a user: straight to the socket when it is here, else by a hint to the process that holds it. Best effort. */
  emit<E extends ServerEvent>(userId: string, event: E, payload: ServerEvents[E]): void {
    if (this.emitHere(userId, event, payload)) return;
    this.hints.send({ type: 'emit', userId, event, payload } satisfies EmitMessage);
  }

  /** Ends the user's connection with the reason; with `sessionId` only if it belongs to that session. */
  revoke(userId: string, reason: RevokeReason, sessionId?: string): void {
    if (this.revokeHere(userId, sessionId ?? null, reason)) return;
    this.hints.send({ type: 'revoke', userId, sessionId: sessionId ?? null, reason } satisfies RevokeMessage);
  }

  /** Sends another feature's hint to the process, not this one, that holds the user's connection. Best effort. */
  relay(hint: UserHint): void {
    this.hints.send(hint);
  }

  /** Handles such hints to users whose connection is here. */
  onRelayed<Hint extends UserHint>(type: Hint['type'], listener: (hint: Hint) => void): void {
    this.hints.on(type, listener);
  }

  /** Ends the user's connection here, if it is that one. @returns when it has its answers; undefined when it is not here */
  supersedeHere(userId: string, connectionId: string): Promise<void> | undefined {
    const connection = this.registry.find(userId);
    return connection?.data.connectionId === connectionId ? this.supersede(connection) : undefined;
  }

  /** Whether it is the user's connection here; where it is not, its hold ends. @throws when Redis is away */
  async vouchFor(userId: string, connectionId: string): Promise<boolean> {
    if (this.registry.find(userId)?.data.connectionId === connectionId) return true;
    await this.holds.release(userId, connectionId);
    return false;
  }

  isLocal(userId: string): boolean {
    return this.registry.find(userId) !== undefined;
  }

  /** Of the user's connection here, if there is one. */
  generationOf(userId: string): number | undefined {
    return this.registry.find(userId)?.data.generation;
  }

  /** The live connections that end here. */
  localConnections(): Connection[] {
    return this.registry.all();
  }

  /** Which of these users have a live connection anywhere. @throws when Redis is away: absence must not be guessed */
  async livePresence(userIds: string[]): Promise<Map<string, boolean>> {
    const processes = await this.holds.processesOf(userIds);
    return new Map(userIds.map((id) => [id, processes.has(id)]));
  }

  /** Ends when the connection that lost is told and has its answers. Never rejects. @returns whether another process held an older one */
  private async settle(connection: Connection, hold: Hold): Promise<boolean> {
    const { userId } = connection.data.identity;
    if (!hold.live) {
      await this.supersede(connection);
      return false;
    }
    connection.data.generation = hold.generation;
    if (hold.process === '' || hold.process === this.channel.processId) return false;
    const message: SupersedeMessage = { type: 'supersede', userId, connection: hold.connection };
    await this.channel.ask(hold.process, message, ELSEWHERE_WITHIN);
    return true;
  }

  /**
   * Redis names a newer connection. It may have run that one's claim when its client was gone and its release never sent: then the
   * one here is the only one. The process that has the newer one ends this one; else it ends that hold, and it is ours again.
   */
  private async contest(connection: Connection, newer: Hold): Promise<void> {
    const { userId } = connection.data.identity;
    const rival = { process: this.channel.processId, connection: connection.data.connectionId };
    const message: ContestMessage = { type: 'contest', userId, connection: newer.connection, rival };
    const outcome = await this.channel.ask(newer.process, message, ELSEWHERE_WITHIN);
    if (!this.registry.has(connection)) return;
    const hold = outcome === 'done' && (await this.holds.renew(connection).catch(() => undefined));
    if (hold) await this.settle(connection, hold);
    else this.unsettled();
  }

  private supersede(connection: Connection): Promise<void> {
    this.registry.remove(connection);
    if (!connection.data.closing) {
      this.supersededCount.inc();
      emitBehindReady(connection, 'session:superseded', { at: new Date().toISOString() });
      void closeConnection(connection, 'SUPERSEDED');
    }
    return answersOf(connection);
  }

  private revokeHere(userId: string, sessionId: string | null, reason: RevokeReason): boolean {
    const connection = this.registry.find(userId);
    if (!connection) return false;
    if (sessionId !== null && connection.data.identity.sessionId !== sessionId) return true;
    if (connection.data.closing) return true;
    emitBehindReady(connection, 'session:revoked', { reason });
    void closeConnection(connection, 'UNAUTHENTICATED');
    return true;
  }

  private emitHere(userId: string, event: ServerEvent, payload: unknown): boolean {
    const connection = this.registry.find(userId);
    if (connection?.data.held) this.keep(connection.data.held, event, payload);
    // The last that a connection hears is why it closes.
    else if (connection && !connection.data.closing) sendEvent(connection, event, payload as never);
    return connection !== undefined;
  }

  private keep(held: [ServerEvent, unknown][], event: ServerEvent, payload: unknown): void {
    if (held.length < MAX_HELD) held.push([event, payload]);
    else this.droppedCount.inc();
  }
}
