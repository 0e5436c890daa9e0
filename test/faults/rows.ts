import { CLIENT_ROWS, NETWORK_ROWS } from './network-rows.js';
import { POSTGRES_ROWS } from './postgres-rows.js';
import { PROCESS_ROWS, SPARING_ROWS } from './process-rows.js';
import { REDIS_ROWS } from './redis-rows.js';
import type { Row } from './row.types.js';

/** The table of faults. Those that end processes come last: until then the memory of each can be followed. */
export const ROWS: Row[] = [
  ...REDIS_ROWS,
  ...POSTGRES_ROWS,
  ...NETWORK_ROWS,
  ...CLIENT_ROWS,
  ...SPARING_ROWS,
  ...PROCESS_ROWS,
];

/** Rows with these names. @throws when there is none of a name */
export function rowsNamed(...names: string[]): Row[] {
  return names.map((name) => {
    const row = ROWS.find((each) => each.name === name);
    if (!row) throw new Error(`no row is named "${name}"`);
    return row;
  });
}

/** Rows with one of these words in their names. @throws when a word is in none */
export function rowsLike(parts: readonly string[]): Row[] {
  const strange = parts.find((part) => !ROWS.some(({ name }) => name.includes(part)));
  if (strange !== undefined)
    throw new Error(`no row has "${strange}" in its name: ${ROWS.map(({ name }) => name).join('; ')}`);
  return ROWS.filter(({ name }) => parts.some((part) => name.includes(part)));
}
