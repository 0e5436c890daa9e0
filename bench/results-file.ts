import { readFileSync, writeFileSync } from 'node:fs';

const FILE = 'bench/results.md';

/** Replaces the part of bench/results.md between the marks of this bench. */
export function publish(bench: string, text: string): void {
  const [from, to] = [`<!-- ${bench} -->`, `<!-- /${bench} -->`];
  const old = readOr(FILE, '# Results\n');
  const whole = old.includes(from) ? old : `${old.trimEnd()}\n\n${from}\n${to}\n`;
  const head = whole.slice(0, whole.indexOf(from) + from.length);
  writeFileSync(FILE, `${head}\n\n${text}\n\n${whole.slice(whole.indexOf(to))}`);
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return otherwise;
  }
}
