import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FaultDeployment } from './fault-deployment.js';
import { runFaults } from './fault-run.js';
import { ROWS } from './rows.js';

/** The main rows, once each: a minute or two. `npm run faults` has all of them, often. */
const SHORT = [
  'api kill -9',
  'worker kill -9',
  'Redis emptied',
  'Redis stopped for 5 s, and silence after it',
  'Postgres crashed',
  'all sockets drop at once',
  'take-over in mid-send',
];

let deployment: FaultDeployment;
beforeAll(async () => {
  deployment = await FaultDeployment.start();
});
afterAll(() => deployment.stop());

describe('faults, the short form', () => {
  it('loses, doubles and reorders nothing, and everybody is back in time', async () => {
    const result = await runFaults(deployment, {
      seed: 1,
      rows: ROWS.filter(({ name }) => SHORT.includes(name)),
      faultsPerRow: 1,
      bots: 12,
      say: (line) => process.stdout.write(`${line}\n`),
    });
    expect(result.violations).toEqual([]);
    expect(result.strikes).toHaveLength(SHORT.length);
    expect(result.sends.ok).toBeGreaterThan(100);
  });
});
