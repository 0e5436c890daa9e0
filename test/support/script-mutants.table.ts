import { MODEL_BLIND_SPOTS } from './script-mutants.js';
import type { Mutant } from './script-mutants.js';

/** Histories that a mutant may live through. */
export const HISTORIES = 200;

/** How a mutant was found. */
export interface Finding {
  readonly mutant: Mutant;
  /** The step of the contract that failed; '' when none did. */
  readonly byContract: string;
  /** What the model found broken ('' for nothing), and in which history; absent where it was not asked. */
  readonly byModel?: { readonly check: string; readonly histories: number };
}

/** `docs/script-mutants.md`. */
export function mutantTable(findings: readonly Finding[]): string {
  const asked = findings.flatMap(({ byModel }) => byModel ?? []);
  const blind = Object.keys(MODEL_BLIND_SPOTS).length;
  const seen = asked.filter(({ check }) => check !== '').length;
  const caught = findings.filter(({ byContract }) => byContract !== '').length;
  return `# Mutants of matching's scripts

Written by \`npm run test:model\`, ${new Date().toISOString().slice(0, 10)}. Each check and step of each Lua script is taken away, one at a time. The contract test
(\`npm test\`) goes through what the header of each script promises, step by step, and caught ${caught} of ${findings.length}. The model test plays people, processes
and workers that know nothing of the scripts, and looks for broken promises: of ${asked.length + blind} mutants of claim, settle and release it caught ${seen} within ${HISTORIES} histories
each; ${blind} it cannot see, and why stands beside them. Half of a history is chance, half an episode of a rare order of steps, such as a worker
that wakes after a sweep, when the search is claimed again. The number is the history that showed it.

| script | without | the contract's step | the model's check |
| --- | --- | --- | --- |
${findings.map(rowOf).join('\n')}
`;
}

function rowOf({ mutant: { script, without }, byContract, byModel }: Finding): string {
  const cells = [
    script.replace('Script', ''),
    without,
    byContract || '**survived**',
    modelCell(`${script} ${without}`, byModel),
  ];
  return `| ${cells.join(' | ')} |`;
}

function modelCell(name: string, found: Finding['byModel']): string {
  if (found) return found.check === '' ? `not in ${HISTORIES} histories` : `${found.check} (${found.histories})`;
  const blindSpot = MODEL_BLIND_SPOTS[name];
  return blindSpot ? `not to be seen: ${blindSpot}` : '';
}
