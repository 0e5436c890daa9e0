import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { INestApplicationContext } from '@nestjs/common';
import { HttpConfig, RuntimeConfig } from '../../config/config.types.js';
import { Audit } from '../audit/audit.js';
import { RateLimited } from '../errors/stoa-error.js';
import { MAX_CONNECTIONS_PER_ADDRESS } from '../limiter/limits.js';
import { Metrics } from '../metrics/metrics.js';
import { runInContext } from '../request-context/request-context.js';
import { newRequestId } from '../request-context/request-id.js';
import { ClientAddress } from './client-address.js';
import { writeProblem } from './raw-problem.js';

/** When to come again (ms): an idle connection is closed by then. */
const RETRY_AFTER = 10_000;

/**
 * Bounds the TCP connections that one address holds, so that nobody alone fills the server's own bound for all. The peer counts,
 * whatever it says of others: a proxy that brings everybody's connections has to be named in `TRUST_PROXY`. Counts those beyond the server's own bound, too.
 */
export function limitConnections(server: Server, app: INestApplicationContext): void {
  // Their counters are served in any case.
  const refuse = refusal(app);
  const dropped = app
    .get(Metrics)
    .counter('stoa_http_connections_dropped_total', 'TCP connections over the bound of all');
  server.on('drop', () => dropped.inc());
  const { rateLimits } = app.get(RuntimeConfig, { strict: false });
  if (!rateLimits) return;
  const addresses = app.get(ClientAddress, { strict: false });
  const open = new Map<string, number>();
  // Before Node's own listener, which would read what a refused one sends.
  server.prependListener('connection', (socket: Socket) => {
    const peer = addresses.peerOf(socket);
    if (peer === undefined) return;
    const count = open.get(peer) ?? 0;
    if (count >= MAX_CONNECTIONS_PER_ADDRESS) return refuse(socket, addresses.digest(peer));
    open.set(peer, count + 1);
    socket.once('close', () => {
      const left = (open.get(peer) ?? 1) - 1;
      if (left > 0) open.set(peer, left);
      else open.delete(peer);
    });
  });
}

function refusal(app: INestApplicationContext): (socket: Socket, ipHash: string) => void {
  const { secure } = app.get(HttpConfig, { strict: false });
  const audit = app.get(Audit, { strict: false });
  const refused = app
    .get(Metrics)
    .counter('stoa_http_connections_refused_total', 'TCP connections over the bound of one address');
  return (socket, ipHash) => {
    const requestId = newRequestId();
    refused.inc();
    runInContext({ requestId, ipHash }, () =>
      audit.tally({ event: 'limit.refuse', result: 'refused', reason: 'connections' }),
    );
    socket.on('error', () => undefined);
    writeProblem(socket, new RateLimited(RETRY_AFTER), { requestId, secure });
    // Who does not close their end would keep it open.
    socket.once('finish', () => socket.destroy());
  };
}
