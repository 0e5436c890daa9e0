import { LANGUAGES } from '../contracts/languages.js';
import type { SearchTicket } from './ticket.types.js';

/** Who fares alike: what one is and whom one seeks. */
export const classOf = ({ gender, seeksGenders }: Pick<SearchTicket, 'gender' | 'seeksGenders'>): string =>
  `${gender}.${seeksGenders}`;

/** The tag of the best language. */
export const languageOf = ({ languages: [best = -1] }: Pick<SearchTicket, 'languages'>): string =>
  LANGUAGES[best] ?? 'other';
