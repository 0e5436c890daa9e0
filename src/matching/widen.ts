import { AGE_BAND_COUNT } from './ticket.types.js';
import type { SearchTicket } from './ticket.types.js';
import type { WidenSettings } from '../config/matching-policy.js';

/** How long before it happens a widening is announced, ms. */
const ANNOUNCED_MS = 5_000;

/** ms of waiting after which a search is widened: clip(3 lambda / mu, 1.5 s, 15 s), so sooner where few partners come or patience is short. */
export function widenAfterMs(partnersPerS: number, hazardPerS: number, settings: WidenSettings): number {
  const wantedMs = ((settings.partnersPerDeparture * partnersPerS) / Math.max(hazardPerS, 1e-6)) * 1000;
  return Math.min(settings.latestMs, Math.max(settings.earliestMs, wantedMs));
}

/**
 * The waits (ms, ascending) at which searches of one lambda become due to be widened: a search is widened at the first of these that it
 * reaches. There can be several, because impatience changes with the wait: one that was not due at 2.9 s may be at 3 s, or at 8.
 */
export function widenStartsMs(
  partnersPerS: number,
  steps: readonly { fromS: number; hazardPerS: number }[],
  settings: WidenSettings,
): number[] {
  const starts: number[] = [];
  let wasDue = false;
  steps.forEach(({ fromS, hazardPerS }, i) => {
    const endMs = (steps[i + 1]?.fromS ?? Infinity) * 1_000;
    const atMs = Math.max(fromS * 1_000, widenAfterMs(partnersPerS, hazardPerS, settings));
    const isDue = atMs < endMs;
    // Due since the step before: no new start.
    if (isDue && !(wasDue && atMs === fromS * 1_000)) starts.push(Math.round(atMs));
    wasDue = isDue;
  });
  return starts;
}

/** The same age bands and their neighbours. */
export function widenAges(seeksAges: number): number {
  const everyone = (1 << AGE_BAND_COUNT) - 1;
  return seeksAges === 0 ? 0 : (seeksAges | (seeksAges << 1) | (seeksAges >> 1)) & everyone;
}

/** A search with the reach that it has once widened. Gender is never widened. */
export function widened<T extends Widenable>(ticket: T): T & { anyLanguage: boolean } {
  return { ...ticket, seeksAges: widenAges(ticket.seeksAges), anyLanguage: ticket.opensLanguage };
}

/** What decides whether widening changes anything for a search. */
type Widenable = Pick<SearchTicket, 'seeksAges' | 'opensLanguage'>;

/** What widening changes for this search, in the words of `search:status`: nothing for who seeks any age and keeps to the languages. */
function widenable(ticket: Widenable): string[] {
  const ages = widenAges(ticket.seeksAges) === ticket.seeksAges ? [] : ['age'];
  return ticket.opensLanguage ? [...ages, 'language'] : ages;
}

/**
 * `widened` of `search:status`: what is widened, or what will be in at most 5 s (`age:in_3s`, whole seconds, at least 1). `leftMs` until then;
 * 0 when it is due and not yet done; undefined when it is not foreseen.
 */
export function wideningWords(ticket: Widenable, isWidened: boolean, leftMs: number | undefined): string[] {
  if (isWidened) return widenable(ticket);
  if (leftMs === undefined || leftMs > ANNOUNCED_MS) return [];
  return widenable(ticket).map((word) => `${word}:in_${Math.max(1, Math.ceil(leftMs / 1000))}s`);
}
