import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from './matching-policy.js';
import { POLICY_BOUNDS, readPolicy, readPolicyFile } from './read-policy.js';

type Bounds = readonly [number, number];

/** Every setting: its path, its bounds, its shipped value. */
const FIELDS = Object.entries(POLICY_BOUNDS).flatMap(([part, bounds]): [string, Bounds, number][] => {
  const shipped = (DEFAULT_POLICY as unknown as Record<string, number | Record<string, number>>)[part]!;
  if (Array.isArray(bounds)) return [[part, bounds as unknown as Bounds, shipped as number]];
  return Object.entries(bounds as Record<string, Bounds>).map(([name, own]) => [
    `${part}.${name}`,
    own,
    (shipped as Record<string, number>)[name]!,
  ]);
});

const setting = (path: string, value: unknown): object => {
  const [part = '', name] = path.split('.');
  return { [part]: name === undefined ? value : { [name]: value } };
};

const faultsOf = (json: unknown): string[] => {
  const faults: string[] = [];
  readPolicy(json, faults);
  return faults;
};

describe('the pairing policy as a setting', () => {
  it('is the shipped one where nothing else is said', () => {
    const faults: string[] = [];
    expect(readPolicy({}, faults)).toEqual(DEFAULT_POLICY);
    const { hold, ...rest } = readPolicy({ hold: { longestMs: 0 } }, faults);
    expect(hold).toEqual({ ...DEFAULT_POLICY.hold, longestMs: 0 });
    expect({ hold: DEFAULT_POLICY.hold, ...rest }).toEqual(DEFAULT_POLICY);
    expect(faults).toEqual([]);
  });

  it.each(FIELDS)('%s keeps to %j, and its shipped value does', (path, [least, most], shipped) => {
    expect(shipped).toBeGreaterThanOrEqual(least);
    expect(shipped).toBeLessThanOrEqual(most);
    for (const beyond of [least - 0.001, most + 1, `${shipped}`, null, true]) {
      const faults = faultsOf(setting(path, beyond));
      expect(faults).not.toEqual([]);
      for (const fault of faults) expect(fault).toMatch(new RegExp(`^${path} must be `));
    }
    // Where two settings must be in order, the shipped one of the other is the bound.
    const lowest = { 'widen.latestMs': 1_500, 'rounds.startPerS': 150 }[path] ?? least;
    const highest = { 'widen.earliestMs': 15_000, 'rounds.stopPerS': 200 }[path] ?? most;
    for (const bound of [lowest, highest]) expect(faultsOf(setting(path, bound))).toEqual([]);
  });

  it('makes scores of 0..1 of any weights, in their proportions', () => {
    const weight = fc.double({ min: 0.01, max: 1, noNaN: true });
    fc.assert(
      fc.property(weight, weight, (interests, age) => {
        const { weights } = readPolicy({ weights: { interests, age } }, []);
        expect(Object.values(weights).reduce((sum: number, own: number) => sum + own, 0)).toBeCloseTo(1, 10);
        expect(weights.interests / weights.age).toBeCloseTo(interests / age, 6);
        expect(weights.base / weights.region).toBeCloseTo(2, 6);
      }),
    );
    const none = Object.fromEntries(Object.keys(DEFAULT_POLICY.weights).map((name) => [name, 0]));
    expect(faultsOf({ weights: none })).toEqual(['weights must not all be 0']);
  });

  it('says what contradicts, and what is no setting', () => {
    expect(faultsOf({ widen: { earliestMs: 20_000 } })).toEqual(['widen.latestMs must be >= widen.earliestMs']);
    expect(faultsOf({ hold: { longest: 1 }, holds: {} })).toEqual([
      'holds is no setting',
      'hold.longest is no setting',
    ]);
    expect(faultsOf([])).toEqual(['the policy must be object']);
    expect(faultsOf({ candidates: 4.5 })).toEqual(['candidates must be integer']);
  });

  it('never answers but with a policy or readable faults', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        const faults: string[] = [];
        const policy = readPolicy(json, faults);
        expect(policy).toHaveProperty('weights.base');
        for (const fault of faults) expect(fault).toMatch(/ (must|is no setting)/);
      }),
    );
  });

  it('comes from a file', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'stoa-policy-')), 'policy.json');
    const faults: string[] = [];
    writeFileSync(file, '{"widen":{"latestMs":20000}}');
    expect(readPolicyFile(file, faults).widen.latestMs).toBe(20_000);
    expect(faults).toEqual([]);
    writeFileSync(file, '{widen');
    readPolicyFile(file, faults);
    readPolicyFile(`${file}.not`, faults);
    expect(faults).toEqual(Array.from({ length: 2 }, () => 'is no JSON file that can be read'));
  });

  it('is described with its bounds for those who deploy', () => {
    const guide = readFileSync(new URL('../../docs/deployment.md', import.meta.url), 'utf8');
    for (const [path, [least, most], shipped] of FIELDS) {
      const [row] = guide.match(new RegExp(`^\\| \`${path}\` .*$`, 'm')) ?? [''];
      const cells = row.split('|').map((cell) => cell.trim());
      expect([path, cells[2], cells[3]]).toEqual([path, String(shipped), `${least} – ${most}`]);
    }
  });
});
