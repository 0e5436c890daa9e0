import { expect, it, vi } from 'vitest';
import { ConnectionDesk } from './connection-desk.js';

it.each([
  ['client namespace disconnect', 'gave_up'],
  ['transport close', 'lost'],
  ['ping timeout', 'lost'],
  ['server namespace disconnect', 'lost'],
])('a connection that ends by "%s" leaves a search behind that %s', async (reason, how) => {
  const leave = vi.fn(async () => {});
  const present = { detach: async () => true };
  const desk = new ConnectionDesk(
    present as never,
    { markAway: async () => {} } as never,
    {} as never,
    { leave } as never,
    {} as never,
  );
  await desk.closed({ data: { identity: { userId: 'u' } } } as never, reason);
  expect(leave).toHaveBeenCalledWith('u', expect.any(Number), how);
});
