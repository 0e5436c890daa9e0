import type { Me } from '../../src/contracts/http.dto.js';
import type { Profile, UpdateProfile } from '../../src/contracts/profile.dto.js';
import type {
  ClientEvent,
  ClientPayload,
  ClientReplies,
  ServerEvent,
  ServerEvents,
} from '../../src/contracts/socket-events.js';
import type { ReportConversation } from '../../src/contracts/safety.dto.js';
import type { StartSearch } from '../../src/contracts/socket-requests.dto.js';
import type { State } from '../../src/contracts/state.dto.js';
import type { Random } from './backoff.js';
import { ChatSignals } from './chat-signals.js';
import { Connection } from './connection.js';
import type { SessionCheck } from './connection.js';
import { HttpApi } from './http-api.js';
import type { HttpOptions } from './http-api.js';
import { add, discard, giveChance, retry, wake } from './outbox.js';
import { applyEnded, applyState, forgetPast, markPast } from './reduce.js';
import { reduceEvent } from './server-events.js';
import { SessionMemory } from './session-memory.js';
import type { KeyValueStorage } from './session-memory.js';
import { initialSnapshot } from './snapshot.js';
import type { ConnectionStatus, Snapshot } from './snapshot.js';
import { steadyNow } from './steady-clock.js';
import { asStoaError } from './stoa-error.js';
import { Store } from './store.js';
import { emptyTimeline } from './timeline.js';
import { Upkeep } from './upkeep.js';
import { randomUuid } from './uuid.js';

/** The `Date` header is exact to a second: less than this (ms) is no skew. */
const SKEW_NOISE_MS = 1_500;

export interface StrangerOptions extends HttpOptions {
  /** Where the outbox survives a reload; absent: it does not. */
  storage?: KeyValueStorage;
  random?: Random;
}

/** One person's side of Stoa: state to watch (`store`), the HTTP calls (`api`), and what a person can do. */
export class Stranger {
  readonly store = new Store<Snapshot>(initialSnapshot);
  readonly api: HttpApi;
  private readonly connection: Connection;
  private readonly signals = new ChatSignals(this.store, (event, payload) => this.request(event, payload));
  private readonly memory: SessionMemory;
  private readonly upkeep: Upkeep;

  constructor(options: StrangerOptions) {
    const random = options.random && { random: options.random };
    this.api = new HttpApi(options);
    this.memory = new SessionMemory(options.storage);
    this.connection = new Connection({
      baseUrl: options.baseUrl,
      csrfToken: () => this.api.csrfToken,
      headers: () => ({
        ...(options.cookies && { cookie: options.cookies.header() }),
        ...(options.origin !== undefined && { origin: options.origin }),
      }),
      checkSession: () => this.checkSession(),
      onStatus: (status, reason) => this.onStatus(status, reason),
      onEvent: (event, payload) => this.onEvent(event, payload),
      ...random,
    });
    this.upkeep = new Upkeep(this.store, {
      request: (event, payload) => this.request(event, payload),
      api: this.api,
      memory: this.memory,
      serverNow: () => this.serverNow(),
      takeState: (state) => this.takeState(state),
      refresh: () => this.refresh(),
      ...random,
    });
  }

  /** The server's clock, in ms since the epoch; for counting down to the times that it names. */
  serverNow(): number {
    const { clockSkewMs } = this.api;
    return Date.now() + (Math.abs(clockSkewMs) < SKEW_NOISE_MS ? 0 : clockSkewMs);
  }

  /** Goes on with the session of this browser; false when there is none. Throws StoaError when nobody answers. */
  async resume(): Promise<boolean> {
    try {
      this.adopt(await this.api.me());
      return true;
    } catch (error) {
      if (asStoaError(error).code === 'UNAUTHENTICATED') return false;
      throw error;
    }
  }

  /** Comes in as a new guest. */
  async arrive(profile: Profile): Promise<void> {
    this.adopt(await this.api.createGuest(profile));
  }

  /** Takes over a session that was just opened (or found), and connects. */
  adopt({ user }: Me): void {
    const { outbox, conversation, seenByPartner } = this.upkeep.recall(user.id);
    const now = steadyNow();
    this.signals.stop();
    this.store.update(() => ({
      ...initialSnapshot,
      user,
      outbox: wake(giveChance(outbox, now), now),
      ...(conversation && { chat: { conversation, seenByPartner, timeline: emptyTimeline, partnerTyping: false } }),
    }));
    this.connection.open();
  }

  /** Something about the user was changed past this library. */
  async reloadUser(): Promise<void> {
    const { user } = await this.api.me();
    this.store.update((snapshot) => ({ ...snapshot, user }));
  }

  async updateProfile(change: UpdateProfile): Promise<void> {
    const { user } = await this.api.updateMe(change);
    this.store.update((snapshot) => ({ ...snapshot, user }));
  }

  /** Takes the one live place back from wherever it is now. */
  useHere(): void {
    this.connection.open();
  }

  /** The network or the person is back: do not wait for the back-off. */
  retryNow(): void {
    this.connection.retryNow();
  }

  /** Goes away without ending the session. */
  close(): void {
    this.connection.close();
    this.signals.stop();
    this.upkeep.stop();
  }

  async signOut(): Promise<void> {
    await this.api.signOut();
    this.forget();
  }

  /** Asks for the erasure of everything; the sessions end at once. */
  async eraseMe(): Promise<void> {
    await this.api.deleteMe();
    this.forget();
  }

  async startSearch(wishes: StartSearch = {}): Promise<void> {
    await this.upkeep.searching.start(wishes);
  }

  /** Afterwards the phase is `idle`, or `chatting` when a match came first. */
  async cancelSearch(): Promise<void> {
    await this.upkeep.searching.cancel();
  }

  /** Puts a message into the outbox and gives its clientId; undefined without an open conversation or text. */
  send(text: string): string | undefined {
    const conversationId = this.store.getSnapshot().chat?.conversation.id;
    const tidy = text.normalize('NFC').trim();
    if (conversationId === undefined || tidy === '') return undefined;
    const clientId = randomUuid();
    this.upkeep.changeOutbox((outbox) => add(outbox, { conversationId, clientId, text: tidy }, steadyNow()));
    this.signals.typing(false);
    return clientId;
  }

  retry(clientId: string): void {
    this.upkeep.changeOutbox((outbox) => retry(outbox, clientId, steadyNow()));
  }

  discard(clientId: string): void {
    this.upkeep.changeOutbox((outbox) => discard(outbox, clientId));
  }

  /** At each keystroke in the message field; `goesOn` false when nothing is left in it. */
  typing(goesOn = true): void {
    this.signals.typing(goesOn);
  }

  /** Everything up to `seq` was shown. */
  markSeen(seq: number): void {
    this.signals.markSeen(seq);
  }

  /** Ends the open conversation; `next` searches on at once. */
  async leave({ next = false } = {}): Promise<void> {
    const id = this.store.getSnapshot().chat?.conversation.id;
    if (id === undefined) return;
    const state = await this.request('conversation:leave', { conversationId: id, next });
    this.store.update((snapshot) => applyEnded(snapshot, id, 'you_left'));
    this.takeState(state);
  }

  async rate(conversationId: string, good: boolean): Promise<void> {
    await this.request('conversation:rate', { conversationId, good });
    this.store.update((snapshot) => markPast(snapshot, conversationId, { rated: good }));
  }

  /** For ever and both ways; ends the conversation if it is open. */
  async block(conversationId: string): Promise<void> {
    await this.api.block(conversationId);
    this.store.update((snapshot) =>
      markPast(applyEnded(snapshot, conversationId, 'you_left'), conversationId, { blocked: true }),
    );
    await this.refresh();
  }

  /** Gives the receipt. */
  async report(conversationId: string, report: ReportConversation): Promise<string> {
    return (await this.api.report(conversationId, report)).receipt;
  }

  /** Puts the past conversation away. */
  forgetPast(): void {
    this.store.update(forgetPast);
  }

  /** Any event of the contract, for bots and tests; throws StoaError. */
  request<E extends ClientEvent>(event: E, payload: ClientPayload<E>): Promise<ClientReplies[E]> {
    return this.connection.request(event, payload);
  }

  /** Asks the server what one is doing; silent when it cannot be asked. */
  async refresh(): Promise<void> {
    await this.request('session:state', {}).then(
      (state) => this.takeState(state),
      () => undefined,
    );
  }

  /** Resolves with the first snapshot that is so; rejects after `timeoutMs`. For bots and tests. */
  until(isSo: (snapshot: Snapshot) => boolean, timeoutMs = 10_000): Promise<Snapshot> {
    return this.store.until(isSo, timeoutMs);
  }

  private onStatus(connection: ConnectionStatus, reason: Snapshot['revokeReason']): void {
    if (connection === 'revoked') this.api.csrfToken = ''; // It went with the session.
    this.store.update(({ revokeReason: _old, ...rest }) => ({
      ...rest,
      connection,
      ...(reason && { revokeReason: reason }),
    }));
  }

  private onEvent<E extends ServerEvent>(event: E, payload: ServerEvents[E]): void {
    const told = { [event]: payload } as Partial<ServerEvents>;
    const {
      'session:ready': ready,
      'conversation:started': started,
      'typing:changed': typing,
      'message:new': message,
    } = told;
    if (ready) this.signals.turnTo(ready.conversation?.id);
    if (started) this.signals.turnTo(started.id);
    if (typing) this.signals.partnerTyping(typing);
    this.store.update((snapshot) => reduceEvent(snapshot, event, payload, performance.now()));
    if (ready) this.upkeep.changeOutbox((outbox) => wake(outbox, steadyNow()));
    if (message && !this.knows(message.conversationId)) void this.refresh();
    this.upkeep.settle();
  }

  private takeState(state: State): void {
    this.signals.turnTo(state.conversation?.id);
    this.store.update((snapshot) => applyState(snapshot, state, performance.now()));
    this.upkeep.settle();
  }

  private knows(conversationId: string): boolean {
    const { chat, past } = this.store.getSnapshot();
    return chat?.conversation.id === conversationId || past?.conversation.id === conversationId;
  }

  private async checkSession(): Promise<SessionCheck> {
    try {
      await this.api.me();
      return 'valid';
    } catch (error) {
      return asStoaError(error).code === 'UNAUTHENTICATED' ? 'gone' : 'unreachable';
    }
  }

  /** Lets go of everything that is known of this user; the server is not told. */
  forget(): void {
    this.close();
    this.store.update(() => initialSnapshot);
    this.memory.forget();
  }
}
