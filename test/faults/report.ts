import type { RunResult } from './fault-run.js';
import { quantile } from './quantile.js';
import type { Finding, Strike } from './strike.js';
import { SLACK } from './strike.js';

interface RowSummary {
  row: string;
  faults: number;
  recovered: number;
  p50: number;
  /** Of the bots whose connection went, else of the strikes. */
  p95: number;
  max: number;
  bound: string;
  evidence: string;
  acks: string;
}

function summarise(results: RunResult[]): RowSummary[] {
  const byRow = Map.groupBy(
    results.flatMap((result) => result.strikes),
    (strike) => strike.row,
  );
  return [...byRow].map(([row, strikes]) => {
    const times = strikes.flatMap(({ recoveredMs }) => recoveredMs ?? []);
    const comebacks = strikes.flatMap((strike) => strike.comebacks);
    const moved = strikes.flatMap(({ evidence }) => evidence ?? []);
    const acks = strikes.flatMap((strike) => strike.acks);
    const { boundMs = 0, p95Ms } = strikes[0] ?? {};
    return {
      row,
      faults: strikes.length,
      recovered: times.length,
      p50: Math.round(quantile(times, 0.5)),
      p95: Math.round(quantile(comebacks.length > 0 ? comebacks : times, 0.95)),
      max: Math.round(Math.max(0, ...times)),
      bound: p95Ms === undefined ? `${boundMs}` : `p95 ${p95Ms}, max ${boundMs}`,
      evidence:
        moved.length === 0 ? '–' : `${moved.filter((by) => by > 0).length} × (${moved.reduce((sum, n) => sum + n, 0)})`,
      acks: acks.length === 0 ? '–' : `${quantile(acks, 0.99)}`,
    };
  });
}

export function textReport(results: RunResult[], notes: readonly string[]): string {
  const rows = summarise(results).map(
    (r) =>
      `| ${r.row} | ${r.faults} | ${r.recovered} | ${r.p50} | ${r.p95} | ${r.max} | ${r.bound} | ${r.acks} | ${r.evidence} |`,
  );
  const total = (of: (result: RunResult) => number): number => results.reduce((sum, result) => sum + of(result), 0);
  const latencies = results.flatMap((r) => r.latencies.map(([, ms]) => ms));
  const violations = results.flatMap((r) => r.violations.map((v) => `seed ${r.seed}: ${v.invariant} ${v.what}`));
  return [
    '| fault | times | all well again | p50 (ms) | p95 (ms) | max (ms) | bound (ms) | ack p99 (ms) | metric moved (by) |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
    `Times are from the heal, of the whole crowd; p95 of the bots whose connection went, where any did. A maximum is broken ${SLACK / 1_000} s beyond its bound: the suites share the machine.`,
    `${total((r) => r.sends.ok)} messages acknowledged, ${total((r) => r.sends.fail)} refused, ${total((r) => r.sends.info)} unknown, in ${total((r) => r.conversations)} conversations; acknowledgement p50 ${quantile(latencies, 0.5).toFixed(1)} ms, p99 ${quantile(latencies, 0.99).toFixed(0)} ms, max ${quantile(latencies, 1).toFixed(0)} ms, faults included.`,
    ...results.flatMap((r) => r.memory.map((line) => `seed ${r.seed}: ${line}`)),
    ...notes,
    violations.length === 0 ? 'No violation found.' : `${violations.length} VIOLATIONS`,
    ...violations,
  ].join('\n');
}

const escape = (text: string): string => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

/** One page: each run as a line of time with its faults, the acknowledgements above them, and what was found. */
export function htmlReport(results: RunResult[], notes: readonly string[]): string {
  return `<!doctype html><meta charset="utf-8"><title>Stoa: faults</title>
<style>body{font:14px/1.5 system-ui;margin:2rem;max-width:75rem}svg{width:100%;height:auto;background:#fafafa}pre{white-space:pre-wrap}</style>
<h1>Faults</h1>${results.map(timeline).join('\n')}<pre>${escape(textReport(results, notes))}</pre>`;
}

const WIDTH = 1_200;
const HEIGHT = 220;
/** Slowest acknowledgement that fits the picture (ms); logarithmic. */
const MAX_MS = 30_000;

/** Colours of what was healed. */
const PATHS: Record<string, string> = { beacon: '#d80', sync: '#808', resend: '#080', resume: '#7af' };

function timeline({ seed, strikes, latencies, healed, violations }: RunResult): string {
  const end = Math.max(1, ...strikes.map(({ healedAt }) => healedAt), ...latencies.map(([at]) => at));
  const x = (at: number): string => ((at / end) * WIDTH).toFixed(1);
  const y = (ms: number): string =>
    (HEIGHT - 20 - (Math.log10(Math.max(1, ms)) / Math.log10(MAX_MS)) * (HEIGHT - 30)).toFixed(1);
  const bar = (strike: Strike): string =>
    `<rect x="${x(strike.at)}" width="${Math.max(2, Number(x(strike.healedAt - strike.at)))}" y="0" height="${HEIGHT - 20}" fill="#d33" opacity=".18"><title>${escape(strike.row)}: ${Math.round(strike.recoveredMs ?? -1)} ms</title></rect>`;
  const dot = ([at, ms]: [number, number]): string => `<circle cx="${x(at)}" cy="${y(ms)}" r="1.2" fill="#257"/>`;
  const heal = ({ at, path, count }: RunResult['healed'][number]): string =>
    `<rect x="${x(at)}" width="2" y="${HEIGHT - 20 - Math.min(40, 4 * count)}" height="${Math.min(40, 4 * count)}" fill="${PATHS[path]}"><title>${count} by ${path}</title></rect>`;
  const mark = ({ at, invariant, what }: Finding): string =>
    at === undefined
      ? ''
      : `<path d="M${x(at)} 0v${HEIGHT - 20}" stroke="#d00" stroke-width="2"><title>${escape(`${invariant} ${what}`)}</title></path><text x="${x(at)}" y="12" font-size="14" fill="#d00">✗</text>`;
  const legend = Object.entries(PATHS)
    .map(([path, colour]) => `<b style="color:${colour}">${path}</b>`)
    .join(' ');
  return `<h2>Seed ${seed}</h2><svg viewBox="0 0 ${WIDTH} ${HEIGHT}">${strikes.map(bar).join('')}${latencies.map(dot).join('')}${healed.map(heal).join('')}${violations.map(mark).join('')}
<text x="4" y="${HEIGHT - 5}" font-size="11">0 … ${Math.round(end / 1_000)} s; dots: acknowledgements from 1 ms (bottom) to 30 s (top), logarithmic; red: faults; ✗: findings</text></svg><p>Healed, from below: ${legend}</p>`;
}
