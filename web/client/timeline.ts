import type { Message } from '../../src/contracts/state.dto.js';

/** What is known of a conversation: messages by seq, each once, perhaps with holes; and how far it goes on the server. */
export interface Timeline {
  readonly messages: readonly Message[];
  readonly lastSeq: number;
}

/** A page that would close the most urgent hole: the messages after `after`, at most `limit`. */
export interface Hole {
  readonly after: number;
  readonly limit: number;
}

/** Messages in a page. */
export const PAGE = 100;

export const emptyTimeline: Timeline = { messages: [], lastSeq: 0 };

/** Adds what is new and drops what is known. `lastSeq` never goes back. */
export const merge = (timeline: Timeline, incoming: readonly Message[], lastSeq = 0): Timeline => {
  const bySeq = new Map(timeline.messages.map((message) => [message.seq, message]));
  for (const message of incoming) if (!bySeq.has(message.seq)) bySeq.set(message.seq, message);
  const messages = [...bySeq.values()].sort((a, b) => a.seq - b.seq);
  return { messages, lastSeq: Math.max(timeline.lastSeq, lastSeq, messages.at(-1)?.seq ?? 0) };
};

const firstRunLength = ({ messages }: Timeline): number => {
  const start = messages[0]?.seq ?? 0;
  const hole = messages.findIndex((message, index) => message.seq !== start + index);
  return hole === -1 ? messages.length : hole;
};

/** What may be shown: the first run without a hole. What lies behind a hole waits until the hole is filled. */
export const visible = (timeline: Timeline): readonly Message[] => timeline.messages.slice(0, firstRunLength(timeline));

/**
 * Own messages that come next behind a hole. They were shown as they were sent, and stay so, at the end; but not what lies behind
 * words of the partner, which another tab may have sent.
 */
export const sentAhead = (timeline: Timeline): readonly Message[] => {
  const behind = timeline.messages.slice(firstRunLength(timeline));
  const theirs = behind.findIndex(({ from }) => from === 'partner');
  return theirs === -1 ? behind : behind.slice(0, theirs);
};

/** What may lie behind all that is shown. */
export const newest = (timeline: Timeline, page = PAGE): Hole => ({
  after: visible(timeline).at(-1)?.seq ?? 0,
  limit: page,
});

/**
 * The hole to fill next: forwards to the newest message first, then backwards to the first, at most `page` messages; null when all is
 * here.
 */
export const nextHole = (timeline: Timeline, page = PAGE): Hole | null => {
  const behind = newest(timeline, page);
  if (behind.after < timeline.lastSeq) return behind;
  const first = visible(timeline)[0]?.seq ?? 1;
  const after = Math.max(0, first - 1 - page);
  return first > 1 ? { after, limit: first - 1 - after } : null;
};
