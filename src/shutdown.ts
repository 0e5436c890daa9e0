import type { INestApplicationContext } from '@nestjs/common';
import { Log } from './platform/logging/log.js';
import { Metrics } from './platform/metrics/metrics.js';

/** After this the process ends, whatever still hangs (ms). */
const HARD_DEADLINE = 20_000;
/** The same when the process is in a state that nobody foresaw (ms). */
const CRASH_DEADLINE = 10_000;

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * For a start that has work under way before it is done: a signal that comes meanwhile waits, 20 s at most.
 * @returns gives the signals back, and tells the one that came
 */
export function holdSignals(): () => NodeJS.Signals | undefined {
  let held: NodeJS.Signals | undefined;
  const hold = (signal: NodeJS.Signals): void => {
    held ??= signal;
    setTimeout(() => process.exit(1), HARD_DEADLINE).unref();
  };
  for (const signal of SIGNALS) process.on(signal, hold);
  return () => {
    for (const signal of SIGNALS) process.off(signal, hold);
    return held;
  };
}

/**
 * Ends the process well on SIGTERM and SIGINT: `drain`, then Nest's hooks, then `last`, then exit; in 20 s at most.
 * An uncaught exception takes the same way with exit code 1, in 10 s at most, also when it was ending already.
 */
export function shutDownGracefully(
  app: INestApplicationContext,
  drain: () => Promise<void>,
  last: () => Promise<void>,
  releaseSignals: () => NodeJS.Signals | undefined = () => undefined,
): void {
  const log = app.get(Log);
  let ending = false;
  const end = async (exitCode: number, deadline: number): Promise<void> => {
    setTimeout(() => process.exit(exitCode || 1), deadline).unref();
    if (ending) return;
    ending = true;
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
  const stop = (signal: NodeJS.Signals): void => {
    log.info({ event: 'process.stopping', signal });
    void end(0, HARD_DEADLINE);
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  const early = releaseSignals();
  if (early) stop(early);
  process.on('uncaughtException', (error) => {
    log.error({ event: 'process.uncaught_exception', err: error });
    void end(1, CRASH_DEADLINE);
  });
  const rejections = app.get(Metrics).counter('stoa_process_unhandled_rejections_total', 'Promises that failed unseen');
  process.on('unhandledRejection', (reason) => {
    rejections.inc();
    log.error({ event: 'process.unhandled_rejection', err: reason });
  });
}
