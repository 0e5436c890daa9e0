import type { SearchTicket } from '../../src/matching/ticket.types.js';
import type { Person } from '../simulate/population.js';

/** A ticket of what an interval loop has stored of a person. */
export function aTicket(searchId: string, stored: string): SearchTicket {
  const person = JSON.parse(stored) as Person & { sinceMs: number };
  return { ...person, searchId, version: 1 };
}
