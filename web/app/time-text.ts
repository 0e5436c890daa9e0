const SECOND = 1_000;

/** A running time: 0:07, 12:34. */
export const clockText = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / SECOND));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
};

/** A length of time in words of the language: "40 seconds", "3 minutes"; seconds are rounded up to 5 from 10 on. */
export const durationText = (ms: number, language: string): string => {
  const seconds = Math.max(1, Math.ceil(ms / SECOND));
  const inUnit = (value: number, unit: 'second' | 'minute') =>
    new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(value);
  if (seconds >= 90) return inUnit(Math.ceil(seconds / 60), 'minute');
  return inUnit(seconds < 10 ? seconds : Math.ceil(seconds / 5) * 5, 'second');
};

/** The browser's own variety of a language, for its way to write times: "en-GB" for "en". */
const varietyOf = (language: string): string =>
  navigator.languages.find((tag) => tag === language || tag.startsWith(`${language}-`)) ?? language;

/** The time of day of a message. */
export const timeOfDay = (iso: string, language: string): string =>
  new Intl.DateTimeFormat(varietyOf(language), { hour: '2-digit', minute: '2-digit' }).format(new Date(iso));

/** Date and time, for lists. */
export const dateText = (iso: string, language: string): string =>
  new Intl.DateTimeFormat(varietyOf(language), { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso));
