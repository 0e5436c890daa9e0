/** sysexits' EX_CONFIG: the settings or the stores must be mended before a start can succeed. */
const EXIT_CONFIG = 78;

/** Ends the process when PORT, given where it has one, or METRICS_PORT cannot be had; any other error is thrown on. */
export function refusePort(error: NodeJS.ErrnoException & { port?: number }, port?: number): never {
  if (error.code === 'EADDRINUSE' || error.code === 'EACCES')
    refuse([`${error.port === port ? 'PORT' : 'METRICS_PORT'} cannot be listened on (${error.code})`]);
  throw error;
}

/** Ends the process when there is a fault, one readable line for each. */
export function refuse(faults: readonly string[]): void {
  if (faults.length === 0) return;
  for (const fault of faults) process.stderr.write(`stoa: ${fault}\n`);
  process.exit(EXIT_CONFIG);
}
