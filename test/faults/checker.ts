import type { History, Seen, Send, StoredConversation, TakeOver, View } from './history.js';

export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I8';

export interface Violation {
  invariant: Invariant;
  what: string;
}

/** Longest life of an older connection beside the newer one (ms). */
const MAX_TWO_CONNECTIONS = 1_000;
/** The same, from when Redis is back (ms). */
const MAX_TWO_AFTER_REDIS = 5_000;
/** What the bots' own clock may add on a loaded machine: both ends of the time are noted by one busy process (ms). */
const NOTED_LATE = 500;
/** Acknowledgements over a longer time than this, and the partner has not heard of the conversation (ms). */
const MAX_UNHEARD = 30_000;
/** Longest that a searcher waits without a match or a word after the heal (ms). */
const MAX_SILENCE = 15_000;

type Report = (invariant: Invariant, what: string) => void;

/** Checks a finished history (delivery.md, section 5). Pure; an empty answer is a pass. */
export function check(history: History): Violation[] {
  const violations: Violation[] = [];
  const report: Report = (invariant, what) => void violations.push({ invariant, what });
  checkPairs(history, report);
  const byConversation = Map.groupBy(history.views, (view) => view.conversation);
  for (const [conversation, views] of byConversation)
    checkConversation(
      { conversation, views, sends: history.sends.filter((s) => s.conversation === conversation) },
      report,
    );
  if (history.stored) checkStored(history, history.stored, report);
  checkOneAtATime(history, report);
  checkUnheard(history, report);
  for (const takeOver of history.takeOvers) checkTakeOver(takeOver, report);
  for (const { bot, ms } of history.silences)
    if (ms > MAX_SILENCE) report('I7', `${bot} searched for ${Math.round(ms)} ms without a match or a word`);
  for (const incident of history.incidents) report('I8', incident);
  return violations;
}

/** I1, as the bots are told: never with oneself, and as Postgres has it, which knows a pair only as a pair. */
function checkPairs({ views, stored }: History, report: Report): void {
  const pairs = stored && new Set(stored.map(({ conversation }) => conversation));
  for (const { bot, partner, conversation } of views) {
    if (bot === partner) report('I1', `${bot} talks with themselves`);
    if (pairs && !pairs.has(conversation)) report('I1', `${bot} talks with ${partner}, who is in no such conversation`);
  }
}

/**
 * I1, from acknowledgements alone: a conversation was open from its first to its last one, and both members were in it. Repeated
 * sends do not count: what is stored is acknowledged after the end, too.
 */
function checkOneAtATime({ views, sends }: History, report: Report): void {
  const first = sends.filter(({ outcome, attempts, answeredAt }) => outcome === 'ok' && attempts === 1 && answeredAt);
  const byConversation = Map.groupBy(first, (send) => send.conversation);
  const stays = [...new Map(views.map((view) => [view.conversation, view])).values()].flatMap((view) => {
    const mine = byConversation.get(view.conversation) ?? [];
    const from = Math.min(...mine.map((send) => send.answeredAt ?? Infinity));
    const to = Math.max(...mine.map((send) => send.invokedAt));
    return from < to ? [view.bot, view.partner].map((user) => ({ user, from, to, of: view.conversation })) : [];
  });
  for (const [user, theirs] of Map.groupBy(stays, (stay) => stay.user)) {
    const ordered = theirs.toSorted((a, b) => a.from - b.from);
    for (const [i, { from, of }] of ordered.entries()) {
      const before = ordered[i - 1];
      if (before && from < before.to) report('I1', `${user} was in ${of} while ${before.of} went on`);
    }
  }
}

/** I2, for a partner who never heard of the conversation: a lost start is healed long before so much is said. */
function checkUnheard({ views, sends, stored }: History, report: Report): void {
  const heard = new Set(views.map(({ bot, conversation }) => `${bot} ${conversation}`));
  const open = new Set(stored?.filter(({ endedAt }) => endedAt === null).map(({ conversation }) => conversation));
  for (const { partner, conversation } of views) {
    if (heard.has(`${partner} ${conversation}`)) continue;
    const times = sends
      .filter((send) => send.conversation === conversation && send.outcome === 'ok')
      .map((send) => send.answeredAt ?? send.invokedAt);
    if (times.length === 0) continue;
    const ms = Math.max(...times) - Math.min(...times);
    if (ms > MAX_UNHEARD || open.has(conversation))
      report('I2', `${partner} never heard of ${conversation}, where ${times.length} messages were acknowledged`);
  }
}

/** I6 */
function checkTakeOver({ bot, newerReadyAt, olderClosedAt = Infinity, redisBackAt }: TakeOver, report: Report): void {
  const byClock = newerReadyAt + MAX_TWO_CONNECTIONS;
  const due = redisBackAt === undefined ? byClock : Math.max(byClock, redisBackAt + MAX_TWO_AFTER_REDIS);
  if (olderClosedAt > due + NOTED_LATE)
    report('I6', `${bot} had two connections for ${Math.round(olderClosedAt - newerReadyAt)} ms`);
}

interface Talk {
  conversation: string;
  views: View[];
  sends: Send[];
}

function checkConversation({ conversation, views, sends }: Talk, report: Report): void {
  for (const view of views) {
    checkOrder(view, report);
    checkSends(view, sends, report);
    if (view.isOpen) checkTold(view, sends, report);
    const known = new Set(sends.map((send) => send.text));
    for (const { text } of [...view.live, ...(view.final ?? [])])
      if (!known.has(text)) report('I5', `${view.bot} saw "${text}" in ${conversation}, which nobody said there`);
  }
  const finals = views.flatMap((view) => (view.final ? [{ view, texts: textsOf(view.final) }] : []));
  for (const { view, texts } of finals.slice(1))
    if (texts.join('\n') !== finals[0]?.texts.join('\n'))
      report('I4', `${view.bot} and ${finals[0]?.view.bot} read ${conversation} differently`);
}

/** I4: no gap in what is read, one text per seq in all that was ever told. */
function checkOrder({ bot, conversation, live, final }: View, report: Report): void {
  if (final && final.some(({ seq }, i) => seq !== i + 1)) report('I4', `${bot} reads a gap in ${conversation}`);
  const texts = new Map<number, string>();
  for (const { seq, text } of [...live, ...(final ?? [])]) {
    const known = texts.get(seq);
    if (known !== undefined && known !== text) report('I4', `${bot} was told two texts for ${seq} of ${conversation}`);
    texts.set(seq, text);
  }
}

/** I2, for whoever stayed: it came by itself, without reading everything at the end. */
function checkTold({ bot, conversation, live }: View, sends: Send[], report: Report): void {
  const told = new Set(live.map(({ seq }) => seq));
  for (const { text, outcome, seq } of sends)
    if (outcome === 'ok' && seq !== undefined && !told.has(seq))
      report('I2', `${bot} stayed in ${conversation} and was never told "${text}"`);
}

/** I2, I3 and each sender's own order, in one final view. */
function checkSends({ bot, conversation, final }: View, sends: Send[], report: Report): void {
  if (!final) {
    if (sends.some((send) => send.outcome === 'ok')) report('I2', `${bot} cannot read ${conversation} any more`);
    return;
  }
  const times = countBy(textsOf(final));
  const lastSeq = new Map<string, number>();
  for (const send of sends) {
    const count = times.get(send.text) ?? 0;
    const name = `"${send.text}" of ${send.bot} in ${conversation}`;
    if (send.outcome === 'ok' && count !== 1) report('I2', `${name} was acknowledged; ${bot} reads it ${count} times`);
    if (send.outcome === 'fail' && count !== 0) report('I3', `${name} was refused (${send.code}); ${bot} reads it`);
    if (send.outcome === 'info' && count > 1) report('I3', `${name} is unknown; ${bot} reads it ${count} times`);
    if (send.outcome !== 'ok' || send.seq === undefined) continue;
    if (final[send.seq - 1]?.text !== send.text) report('I4', `${name} is not at its place ${send.seq} for ${bot}`);
    if (send.seq <= (lastSeq.get(send.bot) ?? 0)) report('I4', `${name} came before what was sent earlier`);
    lastSeq.set(send.bot, send.seq);
  }
}

/** I1 and I2 as Postgres has it. */
function checkStored({ sends }: History, stored: StoredConversation[], report: Report): void {
  const byUser = Map.groupBy(
    stored.flatMap((c) =>
      c.members.map((user) => ({ user, key: c.conversation, from: c.startedAt, to: c.endedAt ?? Infinity })),
    ),
    (stay) => stay.user,
  );
  for (const [user, stays] of byUser) {
    const ordered = stays.toSorted((a, b) => a.from - b.from);
    for (const [i, stay] of ordered.entries()) {
      const before = ordered[i - 1];
      const byMs = (before?.to ?? -Infinity) - stay.from;
      if (byMs > 0)
        report(
          'I1',
          `${user} was in two conversations at once: ${before?.key} and, ${byMs} ms before its end, ${stay.key}`,
        );
    }
  }
  const texts = countBy(stored.flatMap((c) => c.texts.map((t) => t.text)));
  for (const { text, bot, outcome } of sends) {
    const count = texts.get(text) ?? 0;
    if (outcome === 'ok' && count !== 1)
      report('I2', `"${text}" of ${bot} was acknowledged and is stored ${count} times`);
    if (outcome === 'fail' && count !== 0) report('I3', `"${text}" of ${bot} was refused and is stored`);
    if (outcome === 'info' && count > 1) report('I3', `"${text}" of ${bot} is stored ${count} times`);
  }
  for (const { conversation, texts: rows } of stored)
    if (rows.some(({ seq }, i) => seq !== i + 1)) report('I4', `${conversation} is stored with a gap`);
}

const textsOf = (seen: Seen[]): string[] => seen.map((message) => message.text);

function countBy(texts: string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}
