import type { ClientEvent } from '../../contracts/socket-events.js';
import type { Limit } from './limit.types.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What a limit counts by. `session`: the session cookie; whoever has none is not counted. */
export type LimitScope = 'address' | 'session' | 'user' | 'email' | 'email_and_address';

/** `refuse`: 429. `slow`: the answer comes a second later. `quiet`: the handler is told and answers as always. */
export type OnExcess = 'refuse' | 'slow' | 'quiet';

export interface HttpLimit extends Limit {
  readonly scope: LimitScope;
  readonly onExcess: OnExcess;
}

const refuse = (scope: LimitScope, count: number, perMs: number, burst = count): HttpLimit => ({
  scope,
  count,
  perMs,
  burst,
  onExcess: 'refuse',
});

/**
 * Limits of HTTP. The first two are every route's; a route adds its own with `@Limits`.
 * Mails to an address are bounded for each who asks (`_pair`, 3 an hour), and over all who ask (`_email`) by more than one of them can
 * ask for: nobody alone keeps the mails of others from an owner. A quiet limit that is over spares those that the route names after it.
 */
export const HTTP_LIMITS = {
  all_address: refuse('address', 300, MINUTE, 60),
  all_session: refuse('session', 120, MINUTE),
  csrf: refuse('session', 30, MINUTE),
  login_pair: refuse('email_and_address', 5, 15 * MINUTE),
  login_address: refuse('address', 20, 15 * MINUTE),
  login_email: { ...refuse('email', 50, HOUR), onExcess: 'slow' },
  registration_address: refuse('address', 5, HOUR),
  registration_pair: { ...refuse('email_and_address', 3, HOUR), onExcess: 'quiet' },
  registration_email: { ...refuse('email', 100, DAY, 20), onExcess: 'quiet' },
  reset_address: refuse('address', 10, HOUR),
  reset_pair: { ...refuse('email_and_address', 3, HOUR), onExcess: 'quiet' },
  reset_email: { ...refuse('email', 100, DAY, 20), onExcess: 'quiet' },
  token_address: refuse('address', 10, 15 * MINUTE),
  email_change: refuse('user', 3, DAY),
  export: refuse('user', 1, DAY),
  erasure: refuse('user', 3, HOUR),
  report: refuse('user', 10, HOUR),
  // Guests cost nothing, so the user alone bounds little; a school behind one address reports less than this.
  report_address: refuse('address', 100, HOUR),
} as const satisfies Record<string, HttpLimit>;

export type HttpLimitName = keyof typeof HTTP_LIMITS;

/** All HTTP requests of an address to one process, whatever answers them: above `all_address`, with room for the client's files. */
export const ALL_REQUESTS: Limit = { count: 600, perMs: MINUTE, burst: 120 };

/** Browsers' reports of violated policies, by address; kept by each process for itself. */
export const CSP_REPORTS: Limit = { count: 10, perMs: MINUTE };

/** How much longer an answer takes that is over a `slow` limit (ms). */
export const SLOW_DOWN_MS = 1_000;

/**
 * Limits of opening sockets: connects by address and by user over all processes; upgrades by address on each process, with room for
 * transports that close before they connect.
 */
export const HANDSHAKE_LIMITS = {
  upgrade: { count: 60, perMs: MINUTE },
  address: { count: 30, perMs: MINUTE },
  user: { count: 10, perMs: MINUTE },
} as const satisfies Record<string, Limit>;

/** Sockets of one user (or transports of an address on which nobody signed in) that were closed for what they sent, before those stay out for the period. */
export const EXPULSION_LIMIT: Limit = { count: 3, perMs: 10 * MINUTE };

/** How long somebody who is expelled again and again stays out. */
export const EXILE: Limit = { count: 1, perMs: EXPULSION_LIMIT.perMs };

/** TCP connections of one address to one process, whatever they are for; not those of a trusted proxy. */
export const MAX_CONNECTIONS_PER_ADDRESS = 200;

/** Open sockets of one address on one process. */
export const MAX_SOCKETS_PER_ADDRESS = 20;

/** Open transports of one address on one process, signed in or not: room for those that only come to be refused. */
export const MAX_TRANSPORTS_PER_ADDRESS = 2 * MAX_SOCKETS_PER_ADDRESS;

/** Bytes that one transport may send: for ever, and at once. A frame counts as `SMALLEST_FRAME` at least. */
export const TRANSPORT_BYTES: Limit = { count: 64 * 1_024, perMs: SECOND, burst: 192 * 1_024 };
export const SMALLEST_FRAME = 128;

/** Everything that one socket sends. */
export const SOCKET_LIMIT: Limit = { count: 30, perMs: SECOND };

/** Refusals by `SOCKET_LIMIT` (by the second) that a socket may collect before it is closed. */
export const SOCKET_STRIKES: Limit = { count: 3, perMs: MINUTE };

/** Unknown or malformed events that a socket may send before it is closed. */
export const BAD_EVENT_LIMIT: Limit = { count: 20, perMs: MINUTE };

const SEARCH: Limit[] = [{ count: 10, perMs: MINUTE }];
const LEAVE: Limit[] = [{ count: 20, perMs: MINUTE }];
const OFTEN: Limit[] = [{ count: 60, perMs: MINUTE, burst: 20 }];

/** Per user and event; an event passes when each of its limits lets it. */
export const EVENT_LIMITS: Readonly<Record<ClientEvent, readonly Limit[]>> = {
  'session:state': OFTEN,
  'search:start': SEARCH,
  'search:cancel': LEAVE,
  'message:send': [
    { count: 5, perMs: SECOND, burst: 10 },
    { count: 60, perMs: MINUTE },
  ],
  'message:seen': [{ count: 10, perMs: SECOND, burst: 20 }],
  'typing:set': [{ count: 60, perMs: MINUTE, burst: 5 }],
  'conversation:sync': [{ count: 10, perMs: MINUTE }],
  'conversation:leave': LEAVE,
  'conversation:rate': LEAVE,
};
