import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryAt, sayIdle, sayMillion, sayStages } from './capacity.mjs';
import type { Run } from './capacity.mjs';
import { lastRun, pageOf } from './page.mjs';

const MiB = 1_024 * 1_024;
const cost = { api: 1, worker: 2, postgres: 0.5, redis: 0.1 };
const aRow = {
  apis: 1,
  workers: 1,
  cluster: false,
  perMessage: cost,
  ackMs: [1, 2],
  perMatch: cost,
  matchMs: 3,
  idleMicroseconds: 20,
};
const aRun = (idle?: Run['idle']): Run => ({
  where: 'here',
  people: 10,
  rate: 10,
  seconds: 1,
  rows: [
    { ...aRow, bytesEach: 1_024, herdMs: 4 },
    { ...aRow, apis: 4, perMessage: { ...cost, api: 1.5 }, bytesEach: 1_024, herdMs: 4 },
    { ...aRow, apis: 4, cluster: true, bytesEach: 1_024, herdMs: 4 },
  ],
  ...(idle ? { idle } : {}),
});
const manifest = { target: 8_000, limitMiB: 1_000, requestedCores: 0.5, cpuTarget: 1.2 };
const anIdle = (kib: number, microseconds = 10): Run['idle'] => ({
  where: 'here',
  held: 1_000,
  seconds: 1,
  microseconds: { api: microseconds, postgres: 1, redis: 4 },
  bytesEach: kib * 1_024,
  bytes: 200 * MiB + 1_000 * kib * 1_024,
});

/** Without the widths of columns, which prettier sets. */
const bare = (text: string): string => text.replaceAll(/[ -]+\|/g, ' |').replaceAll(/ +/g, ' ');

describe('docs/capacity.md', () => {
  it('is what comes of the last run, the manifest and the delivery bench: npm run scale -- page', () => {
    expect(bare(readFileSync('docs/capacity.md', 'utf8'))).toBe(bare(pageOf()));
  });

  it('would not be, had anybody changed a figure', () => {
    const run = lastRun();
    expect(bare(pageOf({ ...run, people: run.people + 1 }))).not.toBe(bare(pageOf(run)));
  });
});

describe("what the page says of the autoscaler's target", () => {
  it.each([
    [10, 'memory fits', 'CPU fits'],
    [80, 'memory FITS WITHOUT RESERVE', 'CPU fits'],
    [110, 'memory DOES NOT FIT', 'CPU fits'],
  ])('%i KiB a connection: %s, %s', (kib, memory, cpu) => {
    expect(sayIdle(aRun(anIdle(kib)), manifest)).toContain(memory);
    expect(sayIdle(aRun(anIdle(kib)), manifest)).toContain(cpu);
  });

  it('tells CPU that alone would add pods before', () => {
    expect(sayIdle(aRun(anIdle(10, 80)), manifest)).toContain('CPU DOES NOT FIT** (idle 0.64 of the 0.60 cores');
  });

  it('counts a process as it is and each connection once', () => {
    const sizes = fc.record({ held: fc.integer({ min: 1, max: 1e5 }), bytesEach: fc.integer({ min: 1, max: 1e6 }) });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 500 }), ({ held, bytesEach }, emptyMiB) => {
        const idle = { ...anIdle(1)!, held, bytesEach, bytes: emptyMiB * MiB + held * bytesEach };
        const told = memoryAt(idle, manifest);
        expect(told.emptyMiB).toBeCloseTo(emptyMiB, 6);
        expect(told.atTargetMiB).toBeCloseTo(emptyMiB + (8_000 * bytesEach) / MiB, 6);
        expect(told.room >= 8_000).toBe(told.atTargetMiB <= manifest.limitMiB);
      }),
    );
  });

  it('says that nothing was measured where nothing was', () => {
    expect(sayIdle(aRun(), manifest)).toContain('Not measured');
  });
});

describe('the arithmetic', () => {
  const lines = sayMillion(aRun(anIdle(10)), manifest, { api: 100, postgres: 60 }).split('\n');
  const line = (name: string) => lines.find((text) => text.startsWith(`| ${name} |`));

  it('of a million is that of the assumptions', () => {
    expect(line('api, by connections')).toContain('125 processes');
    // 60,000/s × 100 µs, and × 1.5 ms of the widest row on one Redis.
    expect(line('api, by messages')).toMatch(/= 6\.0 cores; × 1\.50 ms .* = 90 cores \| 0\.05–0\.72 core/);
    expect(line('api, idle')).toContain('| 10 cores |');
    // (6 + 10 + 1) ÷ 125 and (90 + 10 + 1) ÷ 125, against 0.5 × 120 %.
    expect(line('api, in all')).toContain('| 0.14–0.81 core of each; CPU alone adds a pod at 0.60 |');
    expect(line('workers')).toContain('1,000 matches/s × 2.00 ms | 2.0 cores: 4 workers');
    expect(line('Redis, presence')).toContain('| 4.0 cores |');
    expect(line('Postgres, messages')).toMatch(/= 3\.6 cores; .* = 30 cores/);
    expect(line('Postgres, connections')).toContain('(125 + 4) × 10 | 1,290');
  });

  it('of growth compares one process with the most on one Redis', () => {
    expect(sayStages(aRun())).toContain('From 1 api process to 4: the api’s CPU per message × 1.50');
  });
});
