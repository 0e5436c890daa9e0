import { expect, it } from 'vitest';
import type { Weight } from '../support/remote-control.js';
import { hasGrown } from './memory-watch.js';

const MIB = 1_024 * 1_024;

/** MiB */
const weight = (rss: number, heapUsed: number, external: number, mallocHeap: number): Weight => ({
  rss: rss * MIB,
  heapUsed: heapUsed * MIB,
  external: external * MIB,
  mallocHeap: mallocHeap * MIB,
});

const before = weight(190, 74, 4, 28);

it.each<[what: string, now: Weight, grown: boolean]>([
  ['as before', before, false],
  ['somewhat more', weight(220, 78, 4, 50), false],
  ['what malloc keeps', weight(230, 78, 4, 62), true],
  ['objects', weight(210, 90, 4, 28), true],
  ['buffers', weight(215, 78, 20, 45), true],
  ['memory that nobody accounts for', weight(230, 74, 4, 28), true],
])('whether the memory of a process came back: %s', (_, now, grown) => {
  expect(hasGrown(before, now)).toBe(grown);
  expect(hasGrown(undefined, now)).toBe(false);
});
