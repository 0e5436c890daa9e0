import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AppendLane } from './append-lane.js';
import type { LaneLimits } from './append-lane.js';
import type { Appended, AppendItem } from './message.repository.js';

const LIMITS: LaneLimits = { maxItems: 8, maxBytes: 1_000, maxAgeMs: 300, maxBatch: 4 };

const anItem = (clientId: string, text = 'x', conversationId = '1'): AppendItem => ({
  conversationId,
  userId: 'u',
  clientId,
  text,
});
const failure = (code: string): Error => Object.assign(new Error(code), { code });
const POISON = failure('22021');

/** A Postgres that does as it is told: stores what comes, keeps what it stored, and fails as `fail` says. */
class FakePostgres {
  readonly calls: string[][] = [];
  readonly stored: string[] = [];
  /** Conversations that somebody holds: a call with one of them fails as a lock that was not had in time. */
  readonly locked = new Set<string>();
  private gate: Promise<void> | undefined;
  open: () => void = () => undefined;
  /** Called before and after each call stored its items. */
  fail: (moment: 'before' | 'after', ids: string[], call: number) => Error | undefined = () => undefined;

  hold(): void {
    this.gate = new Promise((resolve) => (this.open = resolve));
  }

  readonly append = async (items: AppendItem[]): Promise<Appended[]> => {
    const ids = items.map((item) => item.clientId);
    this.calls.push(ids);
    const call = this.calls.length;
    await this.gate;
    if (items.some((item) => this.locked.has(item.conversationId))) throw failure('55P03');
    const before = this.fail('before', ids, call);
    if (before) throw before;
    const answers = ids.map((id): Appended => {
      const known = this.stored.indexOf(id);
      if (known < 0) this.stored.push(id);
      return { outcome: known < 0 ? 'stored' : 'duplicate', seq: this.stored.indexOf(id) + 1, sentAt: new Date() };
    });
    const after = this.fail('after', ids, call);
    if (after) throw after;
    return answers;
  };

  readonly heldOf = async (ids: string[]): Promise<Set<string>> => new Set(ids.filter((id) => this.locked.has(id)));
}

function aLane(limits: Partial<LaneLimits> = {}) {
  const postgres = new FakePostgres();
  const retries: string[] = [];
  const lane = new AppendLane(
    postgres,
    { ...LIMITS, ...limits },
    {
      flushed: () => undefined,
      answered: () => undefined,
      retried: (reason) => void retries.push(reason),
    },
  );
  return { lane, postgres, retries };
}

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'ok',
    (error: { code: string }) => error.code,
  );

afterEach(() => {
  vi.useRealTimers();
});

describe('AppendLane', () => {
  it('has one call in flight; what arrives meanwhile goes together, in order, in bounded batches', async () => {
    const { lane, postgres } = aLane();
    postgres.hold();
    const first = lane.add(anItem('1'));
    await new Promise((resolve) => setTimeout(resolve, 5));
    const rest = ['2', '3', '4', '5', '6', '7'].map((id) => lane.add(anItem(id)));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(postgres.calls).toEqual([['1']]);
    postgres.open();
    expect((await Promise.all([first, ...rest])).map((a) => a.seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(postgres.calls).toEqual([['1'], ['2', '3', '4', '5'], ['6', '7']]);
    expect(lane.depth).toBe(0);
  });

  it('refuses at its bounds instead of growing', async () => {
    const { lane, postgres } = aLane();
    postgres.hold();
    const accepted = Array.from({ length: 8 }, (_, i) => lane.add(anItem(`${i}`)));
    expect(await codeOf(lane.add(anItem('9')))).toBe('UNAVAILABLE');
    postgres.open();
    await Promise.all(accepted);
    expect(await codeOf(lane.add(anItem('10', 'x'.repeat(501))))).toBe('UNAVAILABLE');
    expect(await codeOf(lane.add(anItem('11', 'x'.repeat(500))))).toBe('ok');
  });

  it('tries the same batch again when the outcome is unknown, and stores nothing twice', async () => {
    const { lane, postgres, retries } = aLane();
    postgres.fail = (moment, _, call) => (moment === 'after' && call <= 2 ? failure('08006') : undefined);
    const answers = await Promise.all(['1', '2'].map((id) => lane.add(anItem(id))));
    expect(answers.map((a) => [a.outcome, a.seq])).toEqual([
      ['duplicate', 1],
      ['duplicate', 2],
    ]);
    expect(postgres.stored).toEqual(['1', '2']);
    expect(retries).toEqual(['unknown_outcome', 'unknown_outcome']);
  });

  it('refuses at once what a full disk did not take, and serves those who come when there is room', async () => {
    const { lane, postgres, retries } = aLane({ maxAgeMs: 5_000 });
    postgres.fail = () => failure('53100');
    expect(await Promise.all(['1', '2'].map((id) => codeOf(lane.add(anItem(id)))))).toEqual([
      'UNAVAILABLE',
      'UNAVAILABLE',
    ]);
    expect([postgres.calls.length, retries, lane.depth]).toEqual([1, [], 0]);
    postgres.fail = () => undefined;
    expect(await codeOf(lane.add(anItem('3')))).toBe('ok');
  });

  it('knows that Postgres stored nothing of what it ended for the time that it took', async () => {
    for (const code of ['57014', '55P03']) {
      const { lane, postgres, retries } = aLane({ maxAgeMs: 5_000 });
      postgres.fail = (_, __, call) => [failure(code), failure('53100')][call - 1];
      expect(await codeOf(lane.add(anItem('1')))).toBe('UNAVAILABLE');
      expect([postgres.calls.length, postgres.stored, retries]).toEqual([2, [], ['timed_out']]);
    }
  });

  it('goes on trying on a full disk what an earlier try may have stored', async () => {
    const { lane, postgres } = aLane({ maxAgeMs: 5_000 });
    postgres.fail = (moment, _, call) => {
      if (moment === 'after' && call === 1) return failure('08006');
      return moment === 'before' && call === 2 ? failure('53100') : undefined;
    };
    expect(await lane.add(anItem('1'))).toMatchObject({ outcome: 'duplicate', seq: 1 });
    expect(postgres.calls).toHaveLength(3);
  });

  it.each(['28P01', '3D000', 'EMFILE'])(
    'goes on trying where the next try meets no Postgres of ours (%s)',
    async (code) => {
      const { lane, postgres } = aLane({ maxAgeMs: 5_000 });
      postgres.fail = (moment, _, call) => {
        if (moment === 'after' && call === 1) return failure('08006');
        return moment === 'before' && call === 2 ? failure(code) : undefined;
      };
      expect(await lane.add(anItem('1'))).toMatchObject({ outcome: 'duplicate', seq: 1 });
      expect(postgres.calls).toHaveLength(3);
    },
  );

  it('gives up honestly when the time is up, and serves those who came later', async () => {
    const { lane, postgres } = aLane({ maxAgeMs: 120 });
    let down = true;
    postgres.fail = () => (down ? failure('57P01') : undefined);
    const old = lane.add(anItem('old'));
    setTimeout(() => (down = false), 200);
    expect(await codeOf(old)).toBe('UNAVAILABLE');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await codeOf(lane.add(anItem('new')))).toBe('ok');
    expect(postgres.stored).toEqual(['new']);
    expect(lane.depth).toBe(0);
  });

  it('singles out the item that Postgres cannot take', async () => {
    const { lane, postgres } = aLane();
    postgres.fail = (moment, ids) => (moment === 'before' && ids.includes('bad') ? POISON : undefined);
    const codes = await Promise.all(['1', 'bad', '3', '4'].map((id) => codeOf(lane.add(anItem(id)))));
    expect(codes).toEqual(['ok', '22021', 'ok', 'ok']);
    expect(postgres.stored).toEqual(['1', '3', '4']);
  });

  it('lets a conversation that somebody holds wait alone, in its order, until it is free', async () => {
    const { lane, postgres, retries } = aLane({ maxAgeMs: 2_000 });
    postgres.locked.add('held');
    const sent = ['a', 'b', 'c'].map((id) => lane.add(anItem(id, 'x', id === 'b' ? 'other' : 'held')));
    expect(await sent[1]).toMatchObject({ outcome: 'stored' });
    // Tried twice only: with the held one, and without.
    expect(postgres.calls).toEqual([['a', 'b', 'c'], ['b']]);
    sent.push(lane.add(anItem('d', 'x', 'held')));
    expect(await lane.add(anItem('e', 'x', 'other'))).toMatchObject({ outcome: 'stored' });
    expect(postgres.stored).toEqual(['b', 'e']);
    postgres.locked.clear();
    await Promise.all(sent);
    expect(postgres.stored).toEqual(['b', 'e', 'a', 'c', 'd']);
    expect(retries).toEqual(['held']);
    await lane.idle();
    expect(lane.depth).toBe(0);
  });

  it('refuses what waits for a held conversation when the time is up', async () => {
    const { lane, postgres } = aLane();
    postgres.locked.add('held');
    expect(await codeOf(lane.add(anItem('1', 'x', 'held')))).toBe('UNAVAILABLE');
    await lane.idle();
    expect(lane.depth).toBe(0);
  });

  it('keeps the order of each conversation, whoever holds which and for how long', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
    const conversation = fc.constantFrom('1', '2', '3');
    const step = fc.oneof(
      fc.record({ say: conversation }),
      fc.record({ lock: conversation }),
      fc.record({ unlock: conversation }),
      fc.record({ poison: conversation }),
      fc.record({ wait: fc.integer({ min: 1, max: 250 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { lane, postgres } = aLane({ maxItems: 100, maxAgeMs: 60_000 });
        const said: Record<string, string[]> = { 1: [], 2: [], 3: [] };
        const acks: Promise<Appended>[] = [];
        const refused: Promise<string>[] = [];
        postgres.fail = (moment, ids) => (moment === 'before' && ids.includes('bad') ? POISON : undefined);
        for (const [i, now] of steps.entries())
          if ('say' in now) {
            said[now.say]?.push(`${now.say}:${i}`);
            acks.push(lane.add(anItem(`${now.say}:${i}`, 'x', now.say)));
          } else if ('lock' in now) postgres.locked.add(now.lock);
          else if ('poison' in now) refused.push(codeOf(lane.add(anItem('bad', 'x', now.poison))));
          else if ('unlock' in now) postgres.locked.delete(now.unlock);
          else await vi.advanceTimersByTimeAsync(now.wait);
        postgres.locked.clear();
        const ended = Promise.all([...acks, lane.idle()]);
        for (let i = 0; i < 5; i += 1) {
          await new Promise(setImmediate);
          await vi.advanceTimersByTimeAsync(1_000);
        }
        await ended;
        for (const code of await Promise.all(refused)) expect(code).toBe('22021');
        for (const [id, texts] of Object.entries(said))
          expect(postgres.stored.filter((text) => text.startsWith(`${id}:`))).toEqual(texts);
        expect(lane.depth).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it('tries a deadlock three times', async () => {
    const { lane, postgres } = aLane({ maxAgeMs: 5_000 });
    postgres.fail = (_, __, call) => (call < 3 ? failure('40P01') : undefined);
    expect(await codeOf(lane.add(anItem('1')))).toBe('ok');
    postgres.fail = () => failure('40P01');
    const calls = postgres.calls.length;
    expect(await codeOf(lane.add(anItem('2')))).toBe('40P01');
    expect(postgres.calls.length - calls).toBe(3);
  });

  it('ends when nothing is under way', async () => {
    const { lane, postgres } = aLane();
    postgres.hold();
    const item = lane.add(anItem('1'));
    let idle = false;
    const ended = lane.idle().then(() => (idle = true));
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(idle).toBe(false);
    postgres.open();
    await Promise.all([item, ended]);
    await aLane().lane.idle();
  });
});
