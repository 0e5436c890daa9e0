import { describe, expect, it, vi } from 'vitest';
import { Unavailable } from '../errors/stoa-error.js';
import type { Log } from '../logging/log.js';
import { DomainEvents } from './domain-events.js';

class Rained {
  constructor(readonly mm: number) {}
}
class Snowed {}

describe('DomainEvents', () => {
  it('gives an event to the handlers of its class only, and goes on after a failing one', async () => {
    const error = vi.fn();
    const events = new DomainEvents({ error } as unknown as Log);
    const seen: number[] = [];
    events.on(Rained, () => {
      throw new Error('sync');
    });
    events.on(Rained, () => Promise.reject(new Error('later')));
    events.on(Rained, ({ mm }) => void seen.push(mm));
    events.on(Snowed, () => void seen.push(-1));
    events.publish(new Rained(3));
    await new Promise(setImmediate);
    expect(seen).toEqual([3]);
    expect(error).toHaveBeenCalledTimes(2);
  });

  it('warns only, when a store was away', async () => {
    const [error, warn] = [vi.fn(), vi.fn()];
    const events = new DomainEvents({ error, warn } as unknown as Log);
    events.on(Snowed, () => Promise.reject(new Error('Command timed out')));
    events.on(Snowed, () => Promise.reject(new Unavailable()));
    events.publish(new Snowed());
    await new Promise(setImmediate);
    expect([error.mock.calls.length, warn.mock.calls.length]).toEqual([0, 2]);
  });
});
