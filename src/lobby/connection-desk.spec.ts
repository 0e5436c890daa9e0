import { describe, expect, it, vi } from 'vitest';
import type { State } from '../contracts/state.dto.js';
import type { Connection } from '../platform/realtime/connection.types.js';
import { ConnectionDesk } from './connection-desk.js';
import { Reception } from './reception.js';

const AWAY = Object.assign(new Error('terminating connection'), { code: '57P01' });

/** A desk where reading the state fails as told, then answers; and what it announced. */
function aDesk(failures: Error[]) {
  const announced: State[] = [];
  const lobby = {
    stateOf: async () => {
      const failure = failures.shift();
      if (failure) throw failure;
      return { state: 'idle' };
    },
  };
  const reception = new Reception(
    { markHere: async () => undefined } as never,
    lobby as never,
    { keep: async () => undefined } as never,
  );
  const desk = new ConnectionDesk(
    { attach: async () => undefined, announceReady: (_: unknown, state: State) => announced.push(state) } as never,
    reception,
    { follow: () => undefined } as never,
    { collect: async () => undefined } as never,
    { tally: () => undefined } as never,
  );
  return { desk, announced };
}

const aConnection = (connected = true): Connection =>
  ({ connected, data: { identity: { userId: 'u' } } }) as unknown as Connection;

describe('ConnectionDesk', () => {
  it('waits for a store that is away for a moment: the older connection is closed already', async () => {
    const { desk, announced } = aDesk([AWAY, AWAY]);
    await desk.opened(aConnection());
    expect(announced).toEqual([{ state: 'idle' }]);
  });

  it('waits for nobody who left, and not for what no time mends', async () => {
    await expect(aDesk([AWAY]).desk.opened(aConnection(false))).rejects.toBe(AWAY);
    const broken = new Error('broken');
    await expect(aDesk([broken]).desk.opened(aConnection())).rejects.toBe(broken);
  });

  it.each([
    ['client namespace disconnect', 'gave_up'],
    ['transport close', 'lost'],
    ['ping timeout', 'lost'],
    ['server namespace disconnect', 'lost'],
  ])('a connection that ends by "%s" leaves a search behind that %s', async (reason, how) => {
    const leave = vi.fn(async () => {});
    const present = { detach: async () => true, isLocal: () => false };
    const reception = new Reception({ markAway: async () => {} } as never, {} as never, { leave } as never);
    const leaveSpent = vi.fn(async () => {});
    const desk = new ConnectionDesk(
      present as never,
      reception,
      {} as never,
      { leave: leaveSpent } as never,
      {} as never,
    );
    await desk.closed({ data: { identity: { userId: 'u' } } } as never, reason);
    expect(leave).toHaveBeenCalledWith('u', expect.any(Number), how);
    expect(leaveSpent).toHaveBeenCalledWith('u');
  });
});
