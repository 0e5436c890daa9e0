/** How long things are kept once they have served their purpose. */
export const KEPT = {
  /** A session that expired: until then its socket can be told why. */
  expiredSessionSeconds: 86_400,
  /** A guest whom nothing leads to any more, from the first day on. */
  guestSeconds: 86_400,
  /** Salts of addresses, from the start of their UTC day. */
  addressSaltDays: 2,
  /** Outcomes of matches, for learning and statistics. */
  outcomeDays: 90,
  /** What proves that somebody was forgotten; it names nobody. */
  receiptDays: 180,
  /** The audit trail, at least; it goes by whole months. */
  auditDays: 180,
} as const;

// When each thing is over (ms since the epoch), by its facts alone; undefined: not while they are as they are.
// SQL does it (`retention-classes.ts`, `conversation-ending.ts`, `session.repository.ts`); `lifecycles.int.ts` holds the two together.

interface SessionFacts {
  kind: 'guest' | 'member';
  createdAtMs: number;
  lastSeenAtMs: number;
}

interface SessionLimits {
  guestIdleMs: number;
  memberIdleMs: number;
  maxAgeMs: number;
}

/** A session slides with its use, and never past its greatest age. */
export function sessionEndsAt({ kind, createdAtMs, lastSeenAtMs }: SessionFacts, limits: SessionLimits): number {
  const idleMs = kind === 'guest' ? limits.guestIdleMs : limits.memberIdleMs;
  return Math.min(lastSeenAtMs + idleMs, createdAtMs + limits.maxAgeMs);
}

/** Its row goes later: its socket is to be told why it ended. */
export const sessionGoesAt = (endsAtMs: number): number => endsAtMs + KEPT.expiredSessionSeconds * 1_000;

interface GuestFacts {
  createdAtMs: number;
  hasSession: boolean;
  isChatting: boolean;
}

export const guestGoesAt = ({ createdAtMs, hasSession, isChatting }: GuestFacts): number | undefined =>
  hasSession || isChatting ? undefined : createdAtMs + KEPT.guestSeconds * 1_000;

interface OpenFacts {
  lastActivityAtMs: number;
  /** Since when each member has no connection; undefined: connected. */
  awaySinceMs: readonly (number | undefined)[];
}

interface OpenLimits {
  reconnectGraceMs: number;
  idleMs: number;
}

/** An open conversation ends when the grace of either member is over, or with its silence. */
export function conversationEndsAt(
  { lastActivityAtMs, awaySinceMs }: OpenFacts,
  { reconnectGraceMs, idleMs }: OpenLimits,
): number {
  const graces = awaySinceMs.flatMap((since) => (since === undefined ? [] : [since + reconnectGraceMs]));
  return Math.min(lastActivityAtMs + idleMs, ...graces);
}

interface EndedLimits {
  messageRetentionMs: number;
  factsRetentionMs: number;
}

/** What was said goes first, or with who met whom. */
export const messagesGoAt = (endedAtMs: number, { messageRetentionMs }: EndedLimits): number =>
  endedAtMs + messageRetentionMs;

export const conversationGoesAt = (endedAtMs: number, limits: EndedLimits): number =>
  endedAtMs + Math.max(limits.messageRetentionMs, limits.factsRetentionMs);

/** A date (ms of its start, UTC) that is kept for whole days after it has begun. */
const dayGoesAt = (dayMs: number, days: number): number => dayMs + days * 86_400_000;

export const addressSaltGoesAt = (dayMs: number): number => dayGoesAt(dayMs, KEPT.addressSaltDays);

export const outcomeGoesAt = (dayMs: number): number => dayGoesAt(dayMs, KEPT.outcomeDays + 1);

/** Undefined while it is not carried out. */
export const receiptGoesAt = (doneAtMs: number | undefined): number | undefined =>
  doneAtMs === undefined ? undefined : dayGoesAt(doneAtMs, KEPT.receiptDays);
