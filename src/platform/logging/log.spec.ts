import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
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
