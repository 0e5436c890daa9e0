import type { Catalogue } from './messages.en.js';

/** What the server says is being widened: in force, or announced for some seconds from now. */
export interface Widening {
  what: keyof Catalogue['search']['widenedNow'];
  /** Absent: in force now. */
  inSeconds?: number;
}

const WORD = /^([a-z_]{1,40}?)(?::in_(\d{1,4})s)?$/;
const KNOWN: readonly string[] = ['age', 'language', 'interests'];

/** Reads one word of `search:status`' `widened`; a word that this client does not know is "a little further". */
export const readWidening = (word: string): Widening => {
  const [, name = '', seconds] = WORD.exec(word) ?? [];
  const what = KNOWN.includes(name) ? (name as Widening['what']) : 'other';
  return seconds === undefined ? { what } : { what, inSeconds: Number(seconds) };
};

/** In words, `elapsedMs` after the status came: an announcement counts down to now. */
export const wideningText = ({ what, inSeconds = 0 }: Widening, elapsedMs: number, t: Catalogue): string => {
  const left = inSeconds - Math.floor(elapsedMs / 1_000);
  return left > 0 ? t.search.widenedSoon[what](left) : t.search.widenedNow[what];
};
