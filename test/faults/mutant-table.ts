import { readFileSync, writeFileSync } from 'node:fs';
import { putBetween } from '../../scripts/marked-text.mjs';
import { FAULTS } from './mutants.js';
import type { Verdict } from './mutation-run.js';

const DOCS = 'docs/faults.md';

/** Markdown, one row a mutant, as prettier would have it. */
export function mutantTable(verdicts: Verdict[]): string {
  const head = ['mutant', `row, ${FAULTS} faults`, 'bots', 'seed', 'what the checker said first', 'times', 's'];
  const rows = verdicts.map(({ mutant, seed, said, deaths, seconds }) => [
    mutant.name,
    mutant.row.name,
    `${mutant.load.bots}`,
    `${seed}`,
    said ?? 'NOTHING: it lives',
    `${deaths}`,
    `${seconds}`,
  ]);
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]?.length ?? 0)));
  const line = (cells: string[]): string => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** @throws when the page has no place for the table */
export function writeIntoDocs(table: string): void {
  writeFileSync(DOCS, putBetween(readFileSync(DOCS, 'utf8'), 'mutants', table));
}
