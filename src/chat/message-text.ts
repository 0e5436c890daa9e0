import { MAX_TEXT_CODE_POINTS } from '../contracts/socket-requests.dto.js';
import { InputInvalid } from '../platform/errors/stoa-error.js';

/** Longest text in UTF-8 (bytes). */
const MAX_BYTES = 8_192;

/** Combining marks in a row that are kept: enough for every script, too few to paint over the neighbours. */
const MAX_MARKS = 8;

/** Control characters but the line feed. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const CONTROLS = /[\u0001-\u0009\u000b-\u001f\u007f-\u009f]/g;

/** Embeddings, overrides and isolates: they can make a text read as another. */
const BIDI_CONTROLS = /[\u202a-\u202e\u2066-\u2069]/g;

/** With the `u` flag, pairs are code points: only a lone half is one of these. */
const LONE_SURROGATE = /\p{Cs}/u;

/** One run of marks in one match: no backtracking. */
const MARK_RUNS = /\p{M}+/gu;

/** A text that all the rules below leave as it is: printable ASCII and line feeds, trimmed. Most are. */
const PLAIN = /^[!-~](?:[ -~\n]*[!-~])?$/;

/**
 * The text as it is stored and shown: NFC, trimmed, without control characters but `\n`, bidi controls and heaps of marks.
 * Idempotent.
 * @throws InputInvalid for NUL, lone surrogates, and a result that is empty or too long
 */
export function normaliseText(raw: string): string {
  if (raw.length <= MAX_TEXT_CODE_POINTS && PLAIN.test(raw)) return raw;
  if (raw.includes('\0') || LONE_SURROGATE.test(raw)) throw new InputInvalid([{ field: 'text', code: 'format' }]);
  const text = raw
    .replace(/\r\n?/g, '\n')
    .replace(CONTROLS, '')
    .replace(BIDI_CONTROLS, '')
    .normalize('NFC')
    .replace(MARK_RUNS, shortenRun)
    .trim();
  const length = countCodePoints(text);
  if (length < 1 || length > MAX_TEXT_CODE_POINTS || Buffer.byteLength(text) > MAX_BYTES)
    throw new InputInvalid([{ field: 'text', code: 'length' }]);
  return text;
}

const shortenRun = (run: string): string =>
  run.length <= MAX_MARKS ? run : Array.from(run).slice(0, MAX_MARKS).join('');

function countCodePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
