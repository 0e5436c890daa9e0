/** ok: acknowledged with a seq. fail: refused for good. info: nobody knows, the run ended first. */
export type Outcome = 'ok' | 'fail' | 'info';

/** One message that a bot wanted to send, with all its attempts. */
export interface Send {
  bot: string;
  /** The same for both members (`conversationKey`). */
  conversation: string;
  clientId: string;
  text: string;
  /** Monotonic ms. */
  invokedAt: number;
  answeredAt?: number;
  attempts: number;
  outcome: Outcome;
  seq?: number;
  code?: string;
}

/** A message as a member sees it. */
export interface Seen {
  seq: number;
  from: 'you' | 'partner';
  text: string;
}

/** What one bot was told of one conversation. */
export interface View {
  bot: string;
  partner: string;
  conversation: string;
  handle: string;
  /** What came over the socket and with acknowledgements, in the order of arrival; repetitions too. */
  live: Seen[];
  /** The final read; absent when the server says that there is no such conversation. */
  final?: Seen[];
  /** The bot was in it and connected when the run ended, after a quiet in which all that was missing could be pushed. */
  isOpen?: boolean;
}

/** An open connection that was replaced by a newer one of the same user (monotonic ms). */
export interface TakeOver {
  bot: string;
  newerReadyAt: number;
  olderClosedAt?: number;
  /** It came while Redis could not be asked, until then. */
  redisBackAt?: number;
}

/** The longest that a searching bot was left without a match and without a word while nothing was broken (ms). */
export interface Silence {
  bot: string;
  ms: number;
}

/** A conversation as Postgres has it. */
export interface StoredConversation {
  conversation: string;
  members: [string, string];
  startedAt: number;
  endedAt: number | null;
  texts: { seq: number; text: string; sender: string }[];
}

/** All that the checker looks at. */
export interface History {
  sends: Send[];
  views: View[];
  takeOvers: TakeOver[];
  silences: Silence[];
  /** Absent: a deployment whose database cannot be asked. */
  stored?: StoredConversation[];
  /** Lines that a process must never write, exits that nobody ordered, deadlocks. */
  incidents: string[];
}

/** Both members call a conversation by the same name: who they are and when it began, as both are told. */
export const conversationKey = (one: string, other: string, startedAt: string): string =>
  `${[one, other].toSorted().join('+')}@${startedAt}`;
