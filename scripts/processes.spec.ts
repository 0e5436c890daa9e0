import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { run } from './processes.mjs';

const processes = fileURLToPath(new URL('processes.mjs', import.meta.url));

/** Runs `body` in a script of its own; `log` is a file that its children may write to. */
function script(body: string) {
  const folder = mkdtempSync(join(tmpdir(), 'stoa-processes-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const log = join(folder, 'log');
  const code = `import { main, start, pause } from ${JSON.stringify(processes)}; const log = ${JSON.stringify(log)}; ${body}`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], { stdio: 'ignore' });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const logged = (): string => (existsSync(log) ? readFileSync(log, 'utf8') : '');
  return { child, ended, logged };
}

/** A shell that writes its start and, when it is told to stop, its end. */
const server = `start('sh', ['-c', 'trap "echo stopped >> $0; exit 0" TERM; echo started >> $0; while :; do sleep 0.05; done', log])`;
const body = `await main(async (ready) => { const { exited } = ${server}; ready(); await exited; })`;

describe('a child process', () => {
  it.each([
    ['SIGINT', 0],
    ['SIGTERM', 0],
    ['SIGHUP', 0],
    ['SIGKILL', null],
  ] as const)('ends when its script gets %s', async (signal, code) => {
    const { child, ended, logged } = script(body);
    await vi.waitFor(() => expect(logged()).toBe('started\n'), 5_000);
    child.kill(signal);
    expect(await ended).toBe(code);
    await vi.waitFor(() => expect(logged()).toBe('started\nstopped\n'), 5_000);
  });

  it('ends when its script fails, and the script says so by its exit code', async () => {
    const { ended, logged } = script(`await main(async () => { ${server}; await pause(300); throw new Error('no'); })`);
    expect(await ended).toBe(1);
    expect(logged()).toBe('started\nstopped\n');
  });
});

describe('a script', () => {
  it('that is interrupted before it is ready ends with the code of the signal', async () => {
    const { child, ended, logged } = script(`await main(() => ${server}.exited)`);
    await vi.waitFor(() => expect(logged()).toBe('started\n'), 5_000);
    child.kill('SIGTERM');
    expect(await ended).toBe(128 + 15);
  });
});

describe('a command that is run to its end', () => {
  it('gives what it printed', async () => {
    expect(await run('sh', ['-c', 'echo one; echo two >&2'])).toMatch(/one[^]*two|two[^]*one/);
  });

  it('fails with its exit code and its last words', async () => {
    await expect(run('sh', ['-c', 'echo a reason; exit 3'])).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining('a reason'),
    });
  });
});
