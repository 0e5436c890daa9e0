import type { RunResult, Strike } from './fault-run.js';

const quantile = (sorted: number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
const ascending = (a: number, b: number): number => a - b;

interface RowSummary {
  row: string;
  faults: number;
  recovered: number;
  p50: number;
  max: number;
  boundMs: number;
  evidence: string;
}

export function summarise(results: RunResult[]): RowSummary[] {
  const byRow = Map.groupBy(
    results.flatMap((result) => result.strikes),
    (strike) => strike.row,
  );
  return [...byRow].map(([row, strikes]) => {
    const times = strikes.flatMap(({ recoveredMs }) => recoveredMs ?? []).toSorted(ascending);
    const moved = strikes.flatMap(({ evidence }) => evidence ?? []);
    return {
      row,
      faults: strikes.length,
      recovered: times.length,
      p50: Math.round(quantile(times, 0.5)),
      max: Math.round(times.at(-1) ?? 0),
      boundMs: strikes[0]?.boundMs ?? 0,
      evidence: moved.length === 0 ? '–' : String(Math.round(moved.reduce((sum, n) => sum + n, 0))),
    };
  });
}

export function textReport(results: RunResult[], skipped: readonly string[]): string {
  const rows = summarise(results).map(
    (r) => `| ${r.row} | ${r.faults} | ${r.recovered} | ${r.p50} | ${r.max} | ${r.boundMs} | ${r.evidence} |`,
  );
  const total = (of: (result: RunResult) => number): number => results.reduce((sum, result) => sum + of(result), 0);
  const latencies = results.flatMap((r) => r.latencies.map(([, ms]) => ms)).toSorted(ascending);
  const violations = results.flatMap((r) => r.violations.map((v) => `seed ${r.seed}: ${v.invariant} ${v.what}`));
  return [
    '| fault | times | all well again | p50 (ms) | max (ms) | bound (ms) | metric moved by |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
    `${total((r) => r.sends.ok)} messages acknowledged, ${total((r) => r.sends.fail)} refused, ${total((r) => r.sends.info)} unknown, in ${total((r) => r.conversations)} conversations; acknowledgement p50 ${quantile(latencies, 0.5).toFixed(1)} ms, p99 ${quantile(latencies, 0.99).toFixed(0)} ms, max ${(latencies.at(-1) ?? 0).toFixed(0)} ms, faults included.`,
    ...skipped.map((reason) => `skipped: ${reason}`),
    violations.length === 0 ? 'No violation of I1–I8.' : `${violations.length} VIOLATIONS`,
    ...violations,
  ].join('\n');
}

const escape = (text: string): string => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

/** One page: each run as a line of time with its faults, the acknowledgements above them, and what was found. */
export function htmlReport(results: RunResult[], skipped: readonly string[]): string {
  return `<!doctype html><meta charset="utf-8"><title>Stoa: faults</title>
<style>body{font:14px/1.5 system-ui;margin:2rem;max-width:75rem}svg{width:100%;height:auto;background:#fafafa}pre{white-space:pre-wrap}</style>
<h1>Faults</h1>${results.map(timeline).join('\n')}<pre>${escape(textReport(results, skipped))}</pre>`;
}

const WIDTH = 1_200;
const HEIGHT = 220;
/** Slowest acknowledgement that fits the picture (ms); logarithmic. */
const MAX_MS = 30_000;

function timeline({ seed, strikes, latencies }: RunResult): string {
  const end = Math.max(1, ...strikes.map(({ healedAt }) => healedAt), ...latencies.map(([at]) => at));
  const x = (at: number): string => ((at / end) * WIDTH).toFixed(1);
  const y = (ms: number): string =>
    (HEIGHT - 20 - (Math.log10(Math.max(1, ms)) / Math.log10(MAX_MS)) * (HEIGHT - 30)).toFixed(1);
  const bar = (strike: Strike): string =>
    `<rect x="${x(strike.at)}" width="${Math.max(2, Number(x(strike.healedAt - strike.at)))}" y="0" height="${HEIGHT - 20}" fill="#d33" opacity=".18"><title>${escape(strike.row)}: ${Math.round(strike.recoveredMs ?? -1)} ms</title></rect>`;
  const dot = ([at, ms]: [number, number]): string => `<circle cx="${x(at)}" cy="${y(ms)}" r="1.2" fill="#257"/>`;
  return `<h2>Seed ${seed}</h2><svg viewBox="0 0 ${WIDTH} ${HEIGHT}">${strikes.map(bar).join('')}${latencies.map(dot).join('')}
<text x="4" y="${HEIGHT - 5}" font-size="11">0 … ${Math.round(end / 1_000)} s; acknowledgements from 1 ms (bottom) to 30 s (top), logarithmic; red: faults</text></svg>`;
}
