import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FaultDeployment } from './fault-deployment.js';
import { runFaults } from './fault-run.js';
import { rowsNamed } from './rows.js';

/** The main rows, once each: a minute or two. `npm run faults` has all of them, often. */
const SHORT = rowsNamed(
  'Redis emptied',
  'Redis stopped, then silence',
  'Postgres crashed',
  'all sockets drop at once',
  'take-over while commits are slow',
  'take-over in mid-send',
  'worker kill -9',
  'api kill -9',
);

let deployment: FaultDeployment;
beforeAll(async () => {
  deployment = await FaultDeployment.start();
});
afterAll(() => deployment.stop());

describe('faults, the short form', () => {
  it('#38 #39 loses, doubles and reorders nothing in the main rows, and everybody is back in time', async () => {
    const say = (line: string): void => void process.stdout.write(`${line}\n`);
    const options = { seed: 1, rows: SHORT, faultsPerRow: 1, bots: 12, say };
    const result = await runFaults({ target: deployment.target, deployment }, options);
    expect(result.violations).toEqual([]);
    expect(result.strikes).toHaveLength(SHORT.length);
    expect(result.sends.ok).toBeGreaterThan(100);
  });
});
