import { AGE_BAND_COUNT } from './ticket.types.js';
import type { SearchTicket } from './ticket.types.js';
import type { WidenSettings } from './policy.config.js';

/** How long before it happens a widening is announced, ms. */
const ANNOUNCED_MS = 5_000;

/** ms of waiting after which a search is widened: clip(3 lambda / mu, 1.5 s, 15 s), so sooner where few partners come or patience is short. */
export function widenAfterMs(partnersPerS: number, hazardPerS: number, settings: WidenSettings): number {
  const wantedMs = ((settings.partnersPerDeparture * partnersPerS) / Math.max(hazardPerS, 1e-6)) * 1000;
  return Math.min(settings.latestMs, Math.max(settings.earliestMs, wantedMs));
}

/** The same age bands and their neighbours. */
export function widenAges(seeksAges: number): number {
  const everyone = (1 << AGE_BAND_COUNT) - 1;
  return seeksAges === 0 ? 0 : (seeksAges | (seeksAges << 1) | (seeksAges >> 1)) & everyone;
}

/** A search with the reach that it has once widened. Gender is never widened. */
export function widened(ticket: SearchTicket): SearchTicket & { anyLanguage: boolean } {
  return { ...ticket, seeksAges: widenAges(ticket.seeksAges), anyLanguage: ticket.opensLanguage };
}

/** What decides whether widening changes anything for a search. */
type Widenable = Pick<SearchTicket, 'seeksAges' | 'opensLanguage'>;

/** What widening changes for this search, in the words of `search:status`: nothing for who seeks any age and keeps to the languages. */
function widenable(ticket: Widenable): string[] {
  const ages = widenAges(ticket.seeksAges) === ticket.seeksAges ? [] : ['age'];
  return ticket.opensLanguage ? [...ages, 'language'] : ages;
}

/** `widened` of `search:status`: what is widened, or what will be within 5 s (`age:in_3s`, whole seconds, at least 1). */
export function wideningWords(ticket: Widenable, waitMs: number, afterMs: number): string[] {
  const leftMs = afterMs - waitMs;
  if (leftMs > ANNOUNCED_MS) return [];
  const suffix = leftMs <= 0 ? '' : `:in_${Math.ceil(leftMs / 1000)}s`;
  return widenable(ticket).map((word) => word + suffix);
}
