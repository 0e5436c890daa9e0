/** sysexits' EX_CONFIG: the settings or the stores must be mended before a start can succeed. */
const EXIT_CONFIG = 78;

/** Ends the process when there is a fault, one readable line for each. */
export function refuse(faults: readonly string[]): void {
  if (faults.length === 0) return;
  for (const fault of faults) process.stderr.write(`stoa: ${fault}\n`);
  process.exit(EXIT_CONFIG);
}
