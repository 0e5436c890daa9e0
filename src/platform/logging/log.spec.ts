import { Writable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { runInContext } from '../request-context/request-context.js';
import { createLogger } from './log.js';

function logged(write: (log: ReturnType<typeof createLogger>) => void): Record<string, unknown> {
  let line = '';
  write(createLogger('info', new Writable({ write: (chunk, _, done) => ((line += chunk), done()) })));
  return JSON.parse(line) as Record<string, unknown>;
}

describe('logs', () => {
  it('join by request id', () => {
    const line = runInContext({ requestId: 'r1', connectionId: 'c1' }, () => logged((log) => log.info({ event: 'x' })));
    expect(line).toMatchObject({ level: 'info', event: 'x', requestId: 'r1', connectionId: 'c1' });
  });

  it('keep one line per event, and short fields', () => {
    const line = logged((log) => log.info({ event: 'x', text: `a\n${'b'.repeat(5_000)}` }));
    expect((line['text'] as string).length).toBeLessThan(1_030);
  });

  it('are bounded by rate, event by event, and tell what is left out once a second', async () => {
    const lines: Record<string, unknown>[] = [];
    const write = (chunk: Buffer, _: unknown, done: () => void) => (lines.push(JSON.parse(chunk.toString())), done());
    const log = createLogger('info', new Writable({ write }));
    for (let i = 0; i < 1_000; i += 1) {
      log.info({ event: 'storm', i });
      log.debug({ event: 'unheard' });
    }
    log.info({ event: 'calm' });
    const [storm, others] = [
      lines.filter(({ event }) => event === 'storm'),
      lines.filter(({ event }) => event !== 'storm'),
    ];
    expect(storm.map(({ i }) => i)).toEqual(Array.from({ length: 200 }, (_, i) => i));
    expect(others).toMatchObject([{ event: 'calm' }]);
    await vi.waitFor(
      () => expect(lines.at(-1)).toMatchObject({ level: 'warn', event: 'log.suppressed', name: 'storm', count: 800 }),
      { timeout: 3_000 },
    );
    log.info({ event: 'storm', i: 'again' });
    expect(lines.at(-1)).toMatchObject({ event: 'storm', i: 'again' });
  });

  it('leave out what drivers hang on their errors', () => {
    const error = Object.assign(new Error('duplicate key'), {
      code: '23505',
      detail: 'Key (email)=(ada@example.org) already exists.',
      parameters: ['ada@example.org'],
      query: "INSERT INTO users VALUES ('ada@example.org')",
    });
    expect(JSON.stringify(logged((log) => log.error({ event: 'x', err: error })))).not.toContain('ada@example.org');
  });
});
