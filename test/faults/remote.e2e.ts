import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ORIGIN, deploy } from '../support/deployment.js';
import type { Deployment } from '../support/deployment.js';

let deployment: Deployment;
beforeAll(async () => {
  deployment = await deploy({ apis: 1, env: { REMATCH_AVOID_SECONDS: '0' } });
});
afterAll(() => deployment.stop());

/** As an operator types it. */
async function runFaults(...args: string[]): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, ['scripts/faults.mjs', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, output };
}

describe('faults --url', () => {
  it('runs what clients bring about against a deployment that it did not start, and names what it could not do', async () => {
    const [api] = deployment.apis;
    const remote = ['--url', api?.url ?? '', '--origin', ORIGIN, '--report', '.artifacts/faults-remote'];
    const rows = ['all sockets', 'take-over in mid-send', 'api kill'].flatMap((row) => ['--row', row]);
    const { code, output } = await runFaults(...remote, ...rows, '--faults', '1', '--bots', '8');
    expect(output).toContain('No violation found.');
    expect(output).toMatch(/\| all sockets drop at once +\| 1 +\| 1 /);
    expect(output).toMatch(/take-over in mid-send.*\| 1 × \([1-9]/);
    expect(output).toContain('skipped: api kill -9: needs control of the processes');
    expect(output).toContain('not checked: I8');
    expect(code).toBe(0);
  });
});
