import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('./base.css', import.meta.url), 'utf8');
const [day = '', night = ''] = css.split('@media (prefers-color-scheme: dark)');

/** The colours that a theme names: `--ink: #2a241d`. */
const coloursOf = (theme: string): Map<string, string> =>
  new Map([...theme.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6});/g)].map(([, name = '', value = '']) => [name, value]));

/** Relative luminance, WCAG 2.2. */
const luminance = (hex: string): number => {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((value) => (value <= 0.040_45 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};

const contrast = (one: string, other: string): number => {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
};

const TEXT: [string, string][] = [
  ...['paper', 'card', 'sunk'].flatMap((ground): [string, string][] => [
    ['ink', ground],
    ['soft', ground],
    ['sea', ground],
    ['alarm', ground],
  ]),
  ['on-terracotta', 'terracotta'],
  ['on-terracotta', 'terracotta-deep'],
  ['on-aegean', 'aegean'],
  ['paper', 'ink'],
];
/** Borders of what can be used, and the ring around what has the focus. */
const SHAPES: [string, string][] = ['paper', 'card'].flatMap((ground): [string, string][] => [
  ['edge', ground],
  ['sea', ground],
]);

describe.each([
  ['day', coloursOf(day)],
  ['night', coloursOf(night)],
])('by %s', (_theme, colours) => {
  const between = (one: string, other: string): number => contrast(colours.get(one) ?? '', colours.get(other) ?? '');

  it.each(TEXT)('%s on %s can be read (WCAG AA, 4.5 : 1)', (text, ground) => {
    expect(between(text, ground)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(SHAPES)('%s on %s can be seen (WCAG AA, 3 : 1)', (shape, ground) => {
    expect(between(shape, ground)).toBeGreaterThanOrEqual(3);
  });
});
