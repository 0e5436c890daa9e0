import type { INestApplicationContext } from '@nestjs/common';
import { Log } from './platform/logging/log.js';
import { Metrics } from './platform/metrics/metrics.js';

/** After this the process ends, whatever still hangs (ms). */
const HARD_DEADLINE = 20_000;

/**
 * Ends the process well on SIGTERM and SIGINT: `drain`, then Nest's hooks, then `last`, then exit; in 20 s at most.
 * An uncaught exception takes the same way with exit code 1.
 */
export function shutDownGracefully(
  app: INestApplicationContext,
  drain: () => Promise<void>,
  last: () => Promise<void>,
): void {
  const log = app.get(Log);
  let ending = false;
  const end = async (exitCode: number): Promise<void> => {
    if (ending) return;
    ending = true;
    setTimeout(() => process.exit(exitCode || 1), HARD_DEADLINE).unref();
    try {
      await drain();
      await app.close();
      await last();
    } catch (error) {
      log.error({ event: 'process.shutdown_failed', err: error });
    }
    log.info({ event: 'process.stopped' });
    process.exit(exitCode);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      log.info({ event: 'process.stopping', signal });
      void end(0);
    });
  process.on('uncaughtException', (error) => {
    log.error({ event: 'process.uncaught_exception', err: error });
    void end(1);
  });
  const rejections = app.get(Metrics).counter('stoa_process_unhandled_rejections_total', 'Promises that failed unseen');
  process.on('unhandledRejection', (reason) => {
    rejections.inc();
    log.error({ event: 'process.unhandled_rejection', err: reason });
  });
}
