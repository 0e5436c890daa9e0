import { removeBuild } from '../support/changed-build.js';
import { runFaults } from './fault-run.js';
import { FAULTS, buildMutant, mutateDatabase } from './mutants.js';
import type { Load, Mutant } from './mutants.js';
import type { Row } from './row.types.js';
import type { Finding } from './strike.js';
import { withDeployment } from './stores.js';

const SEED = 1;

/** What became of one mutant. */
export interface Verdict {
  mutant: Mutant;
  seed: number;
  /** Findings that are its death, and the first of them; undefined: it lives. */
  deaths: number;
  said: string | undefined;
  /** What else was found: the first of each invariant. */
  others: string[];
  seconds: number;
}

/** What is run: rows, and the build or database that is changed before. */
interface Trial {
  rows: Row[];
  load: Load;
  change: Pick<Mutant, 'code' | 'sql'>;
}

/**
 * The rows of these mutants without them first, once for each crowd: there nothing may be found. Then each mutant under its row.
 * @returns `unsound`: what was found where nothing was changed
 */
export async function runMutants(
  mutants: Mutant[],
  say: (line: string) => void,
): Promise<{ verdicts: Verdict[]; unsound: Finding[] }> {
  const unsound: Finding[] = [];
  for (const [load, some] of Map.groupBy(mutants, (mutant) => mutant.load)) {
    const rows = [...new Set(some.map(({ row }) => row))];
    const { findings, seconds } = await run({ rows, load, change: {} });
    unsound.push(...findings);
    say(`unchanged, ${load.bots} bots, ${rows.length} rows: ${findings.length} findings in ${seconds} s`);
    for (const { invariant, what } of findings) say(`  UNSOUND ${invariant} ${what}`);
  }
  const verdicts: Verdict[] = [];
  for (const mutant of mutants) {
    const verdict = await judge(mutant);
    verdicts.push(verdict);
    say(`${verdict.said ? 'killed' : 'SURVIVED'}: ${mutant.name} in ${verdict.seconds} s: ${verdict.said ?? ''}`);
    for (const other of verdict.others) say(`  also ${other}`);
  }
  return { verdicts, unsound };
}

async function judge(mutant: Mutant): Promise<Verdict> {
  const { row, load, death } = mutant;
  const { findings, seconds } = await run({ rows: [row], load, change: mutant });
  const isDeath = ({ invariant, what }: Finding): boolean => invariant === death.invariant && death.what.test(what);
  const deaths = findings.filter(isDeath);
  const others = Map.groupBy(
    findings.filter((finding) => !isDeath(finding)),
    ({ invariant }) => invariant,
  );
  return {
    mutant,
    seed: SEED,
    deaths: deaths.length,
    said: deaths[0] && `${deaths[0].invariant} ${deaths[0].what}`,
    others: [...others].map(([invariant, some]) => `${some.length} × ${invariant}: ${some[0]?.what}`),
    seconds,
  };
}

async function run({ rows, load, change }: Trial): Promise<{ findings: Finding[]; seconds: number }> {
  const begun = performance.now();
  const dist = buildMutant(change);
  try {
    const { violations } = await withDeployment({ dist }, async (deployment) => {
      await mutateDatabase(change, deployment.postgres);
      const options = { seed: SEED, rows, faultsPerRow: FAULTS, ignoresMemory: true, say: () => undefined, ...load };
      return runFaults({ target: deployment.target, deployment }, options);
    });
    return { findings: violations, seconds: Math.round((performance.now() - begun) / 1_000) };
  } finally {
    if (change.code) removeBuild(dist);
  }
}
