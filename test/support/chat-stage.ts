import { randomUUID } from 'node:crypto';
import { Attendance } from '../../src/chat/attendance.service.js';
import { AttendanceRepository } from '../../src/chat/attendance.repository.js';
import { AppendLanes } from '../../src/chat/append-lanes.js';
import type { OpenedConversation } from '../../src/chat/chat.types.js';
import { ClientKnowledge } from '../../src/chat/client-knowledge.service.js';
import { GapHealer } from '../../src/chat/gap-healer.js';
import { ConversationEnding } from '../../src/chat/conversation-ending.js';
import { ConversationNotices } from '../../src/chat/conversation-notices.js';
import { ConversationPulse } from '../../src/chat/conversation-pulse.js';
import { ConversationRepository } from '../../src/chat/conversation.repository.js';
import { ConversationService } from '../../src/chat/conversation.service.js';
import { HistoryService } from '../../src/chat/history.service.js';
import { MemberLookup } from '../../src/chat/member-lookup.js';
import { MessageDelivery } from '../../src/chat/message-delivery.js';
import { MessagePolicies } from '../../src/chat/message-policy.port.js';
import { MessageRepository } from '../../src/chat/message.repository.js';
import { MessageService } from '../../src/chat/message.service.js';
import { PageReader } from '../../src/chat/page-reader.js';
import { PulseRepository } from '../../src/chat/pulse.repository.js';
import type { ConversationConfig } from '../../src/config/config.types.js';
import type { State } from '../../src/contracts/state.dto.js';
import { Audit } from '../../src/platform/audit/audit.js';
import { DomainEvents } from '../../src/platform/events/domain-events.js';
import type { Identity } from '../../src/platform/identity/identity.types.js';
import { AddressSalts } from '../../src/platform/http/address-salts.js';
import { Log } from '../../src/platform/logging/log.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { inspectDatabase } from '../../src/platform/postgres/boot-check.js';
import { createDataSource } from '../../src/platform/postgres/data-source.js';
import { Database } from '../../src/platform/postgres/database.js';
import type { Connection } from '../../src/platform/realtime/connection.types.js';
import { Clock } from '../../src/platform/time/clock.js';
import type { PresenceService } from '../../src/presence/presence.service.js';
import { createDatabase } from './database.js';

/** An event that somebody would have been sent. */
export interface Emitted {
  userId: string;
  event: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into whatever was sent
  payload: any;
}

const DURATIONS: ConversationConfig = {
  reconnectGraceMs: 45_000,
  idleMs: 900_000,
  messageRetentionMs: 86_400_000,
  factsRetentionMs: 86_400_000,
};

/** The services of chat on a database of their own; what they emit is kept instead of sent. */
export class ChatStage {
  readonly emitted: Emitted[] = [];
  readonly events;
  readonly metrics = new Metrics();
  readonly conversations: ConversationService;
  readonly ending: ConversationEnding;
  readonly attendance: Attendance;
  readonly messages: MessageService;
  readonly history: HistoryService;
  readonly messageRows: MessageRepository;
  readonly conversationRows: ConversationRepository;
  readonly policies = new MessagePolicies();
  readonly knowledge = new ClientKnowledge(this.metrics);
  readonly healer: GapHealer;

  private constructor(
    /** As the owner of the server; the services act as the application's role. */
    readonly url: string,
    readonly database: Database,
    durations: ConversationConfig,
  ) {
    const log = new Log({ environment: 'test', logLevel: 'silent', rateLimits: false });
    const presence = {
      emit: (userId: string, event: string, payload: unknown) => void this.emitted.push({ userId, event, payload }),
      onRelayed: () => undefined,
      isLocal: () => true,
      generationOf: () => 1,
    } as unknown as PresenceService;
    this.events = new DomainEvents(log);
    this.conversationRows = new ConversationRepository(database);
    this.messageRows = new MessageRepository(database);
    const members = new MemberLookup(this.conversationRows);
    const pages = new PageReader(this.messageRows);
    const notices = new ConversationNotices(presence, this.events, log, durations, this.metrics);
    const clock = new Clock();
    const audit = new Audit(database, clock, new AddressSalts(database, clock, log), log);
    this.ending = new ConversationEnding(database, this.conversationRows, notices, audit, durations);
    this.conversations = new ConversationService(
      this.conversationRows,
      members,
      pages,
      this.ending,
      notices,
      durations,
    );
    this.attendance = new Attendance(new AttendanceRepository(database), presence, this.events, durations);
    this.healer = new GapHealer(this.conversationRows, pages, this.knowledge, presence, this.attendance, durations);
    const pulse = new ConversationPulse(new PulseRepository(database), log, durations);
    const lanes = new AppendLanes(this.messageRows, this.metrics);
    const delivery = new MessageDelivery(presence, this.knowledge);
    this.messages = new MessageService(members, this.policies, lanes, pulse, presence, delivery);
    this.history = new HistoryService(members, pages, this.knowledge, this.metrics);
  }

  static async start(durations: Partial<ConversationConfig> = {}): Promise<ChatStage> {
    const url = await createDatabase();
    const facts = await inspectDatabase(url, true);
    const source = createDataSource({ url, applicationName: 'stoa-test', facts });
    await source.initialize();
    return new ChatStage(url, new Database(source), { ...DURATIONS, ...durations });
  }

  stop(): Promise<void> {
    return this.database.onApplicationShutdown();
  }

  async addUser(nickname: string | null = null): Promise<string> {
    const id = randomUUID();
    await this.database.query(
      `INSERT INTO users (id, kind, nickname, age_band, languages, interests) VALUES ($1, 'guest', $2, '25-34', '{en}', '{}')`,
      [id, nickname],
    );
    return id;
  }

  /** Two new users in a new conversation. */
  async openConversation(sharedInterests: string[] = []): Promise<OpenedConversation> {
    return this.openBetween(await this.addUser('Ada'), await this.addUser(), sharedInterests);
  }

  async openBetween(userA: string, userB: string, sharedInterests: string[] = []): Promise<OpenedConversation> {
    const pair = { userA, userB, sharedInterests };
    const [outcome] = await this.database.transaction((tx) => this.conversations.open(tx, [pair]));
    if (!outcome?.opened) throw new Error('the pair was refused');
    return outcome.conversation;
  }

  /**
   * From now on the process knows what the user's client knows: that there is a conversation, if it has a handle, and nothing more.
   * @returns who asks over this connection
   */
  connect(userId: string, handle?: string): Identity {
    const identity = callerOf(userId);
    const socket = { data: { identity }, onAnyOutgoing: () => undefined, once: () => undefined };
    this.knowledge.follow(socket as unknown as Connection);
    if (handle) this.noteStarted(identity, handle);
    return identity;
  }

  /** The client was told of a conversation. */
  noteStarted(caller: Identity, handle: string): void {
    this.knowledge.noteState(caller, { conversation: { id: handle, presence: { state: 'here' } } } as State);
  }

  /** What `userId` was sent, by event. */
  sentTo(userId: string, event: string): Emitted['payload'][] {
    return this.emitted.filter((e) => e.userId === userId && e.event === event).map((e) => e.payload);
  }
}

export const callerOf = (userId: string): Identity => ({ userId, sessionId: randomUUID(), kind: 'guest' });
