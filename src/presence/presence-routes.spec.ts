import { describe, expect, it } from 'vitest';
import type { ConnectionHolds } from './connection-holds.js';
import { PresenceRoutes } from './presence-routes.js';

const turn = (): Promise<void> => new Promise(setImmediate);

/** Routes over a Redis that answers, one question after the other, when the test says so. */
function someRoutes() {
  const questions: ((process: string) => void)[] = [];
  const processesOf = (userIds: string[]): Promise<Map<string, string>> =>
    new Promise((resolve) => questions.push((process) => resolve(new Map(userIds.map((id) => [id, process])))));
  const routes = new PresenceRoutes({ processesOf } as unknown as ConnectionHolds);
  const sent: string[] = [];
  /** As a hint goes out: at once, or as soon as the process is known. */
  const send = (hint: string): void => {
    const process = routes.processOf('user');
    if (process instanceof Promise) void process.then((found) => sent.push(`${hint} to ${found}`));
    else sent.push(`${hint} to ${process}`);
  };
  return { questions, sent, send };
}

describe('PresenceRoutes', () => {
  it('keep the order of hints to one user while a route is asked for', async () => {
    const { questions, sent, send } = someRoutes();
    send('first');
    await turn();
    // Asks by then: what comes now could join the next batch only.
    send('second');
    questions.shift()?.('there');
    for (let i = 0; i < 20 && sent.length === 0; i += 1) await Promise.resolve();
    expect(sent[0]).toBe('first to there');
    send('third');
    await turn();
    await turn();
    questions.shift()?.('there');
    await turn();
    expect(sent).toEqual(['first to there', 'second to there', 'third to there']);
    expect(questions).toEqual([]);
  });

  it('keep it also for whoever asks in the very moment of the answer', async () => {
    const { questions, sent, send } = someRoutes();
    send('first');
    await turn();
    send('second');
    questions.shift()?.('there');
    for (let i = 3; i < 20; i += 1) {
      send(`${i}`);
      await Promise.resolve();
    }
    await turn();
    expect(sent).toEqual(
      ['first', 'second', ...Array.from({ length: 17 }, (_, i) => `${i + 3}`)].map((hint) => `${hint} to there`),
    );
  });

  it('hold no more than 20,000 hints behind an answer', async () => {
    const { questions, sent, send } = someRoutes();
    for (let i = 0; i < 20_002; i += 1) send(`${i}`);
    expect(sent).toEqual(['20001 to undefined']);
    await turn();
    questions.shift()?.('there');
    await turn();
    expect(sent).toHaveLength(20_002);
    send('later');
    expect(sent.at(-1)).toBe('later to there');
  });
});
