import type { SearchTicket } from './ticket.types.js';

/** Who fares alike: what one is and whom one seeks. */
export const classOf = ({ gender, seeksGenders }: Pick<SearchTicket, 'gender' | 'seeksGenders'>): string =>
  `${gender}.${seeksGenders}`;
