import { describe, expect, it } from 'vitest';
import { closeConnection } from './close-connection.js';
import type { Connection } from './connection.types.js';
import { SocketOrder } from './socket-order.js';

/** Stands for a socket; `log` tells what happened to it, in order. */
function aConnection() {
  const log: string[] = [];
  const order = new SocketOrder(10);
  const connection = { data: { order }, disconnect: () => log.push('closed') } as unknown as Connection;
  return { connection, order, log };
}

describe('closeConnection', () => {
  it('lets every answer out that is owed, refusals too, and closes then', async () => {
    const { connection, order, log } = aConnection();
    const { promise, resolve } = Promise.withResolvers<void>();
    for (const work of [() => promise, () => Promise.reject(new Error('refused')), () => Promise.resolve()])
      void order
        .add(work)
        .then(() => log.push('ok'))
        .catch(() => log.push('refused'));
    const closing = closeConnection(connection, 'SUPERSEDED');
    expect(connection.data.closing).toBe('SUPERSEDED');
    resolve();
    await closing;
    expect(log).toEqual(['ok', 'refused', 'ok', 'closed']);
  });

  it('keeps the first reason', async () => {
    const { connection } = aConnection();
    await Promise.all([closeConnection(connection, 'SUPERSEDED'), closeConnection(connection, 'DRAINING')]);
    expect(connection.data.closing).toBe('SUPERSEDED');
  });
});

describe('closeConnection, when an answer does not come', () => {
  it('closes after 750 ms', async () => {
    const { connection, order, log } = aConnection();
    void order.add(() => new Promise(() => {}));
    const begun = performance.now();
    await closeConnection(connection, 'DRAINING');
    expect(log).toEqual(['closed']);
    expect(performance.now() - begun).toBeGreaterThan(700);
  });
});
