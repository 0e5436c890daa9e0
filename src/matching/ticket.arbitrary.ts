import fc from 'fast-check';
import type { SearchTicket } from './ticket.types.js';

/** One valid search; tests name only what they are about. */
export function aTicket(about: Partial<SearchTicket> = {}): SearchTicket {
  const searchId = about.searchId ?? 's1';
  return {
    searchId,
    userId: `user of ${searchId}`,
    version: 1,
    sinceMs: 0,
    gender: 1,
    ageBand: 1,
    languages: [0],
    interests: [],
    seeksGenders: 0,
    seeksAges: 0,
    region: 0,
    trust: 1,
    opensLanguage: false,
    ...about,
  };
}

/** Any valid search, from a world small enough that many pairs fit. */
export const anyTicket: fc.Arbitrary<SearchTicket> = fc.record({
  searchId: fc.uuid(),
  userId: fc.constantFrom('u1', 'u2', 'u3', 'u4', 'u5', 'u6', 'u7', 'u8'),
  version: fc.nat(3),
  sinceMs: fc.nat(60_000),
  gender: fc.nat(3),
  ageBand: fc.nat(4),
  languages: fc.uniqueArray(fc.nat(3), { minLength: 1, maxLength: 3 }),
  interests: fc.uniqueArray(fc.nat(20), { maxLength: 10 }).map((ids) => ids.sort((a, b) => a - b)),
  seeksGenders: fc.constantFrom(0, 0, 1, 2, 3),
  seeksAges: fc.constantFrom(0, 0, 0b00011, 0b01110, 0b10000),
  region: fc.nat(2),
  trust: fc.double({ min: 0, max: 1, noNaN: true }),
  opensLanguage: fc.boolean(),
});

/** Up to 24 searches of different ids. */
export const anyPool = fc.uniqueArray(anyTicket, { maxLength: 24, selector: (ticket) => ticket.searchId });
