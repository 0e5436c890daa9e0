import type { GroupMeasures } from './measures.js';
import type { Hindsight } from './hindsight.js';
import type { Comparison, Result } from './simulate.js';

const WIDTH = 760;
const HEIGHT = 180;
const COLOURS = ['#9c3f2b', '#1d5b79', '#7a7a52', '#6b4a8a'];

interface Line {
  name: string;
  points: readonly (readonly [x: number, y: number])[];
}

/** One page, without scripts or anything from elsewhere: waits by group, match rate, quality, pool and what was learnt over the day. */
export function renderReport(conditions: Record<string, number | string>, { results, hindsight }: Comparison): string {
  const said = Object.entries(conditions).map(([name, value]) => `${name} ${value}`);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Stoa: simulated matching</title>
<style>body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#2b2520;background:#f6efe3}
table{border-collapse:collapse}td,th{padding:.2rem .7rem;border-bottom:1px solid #cbbfa9;text-align:right}td:first-child,th:first-child{text-align:left}
svg{background:#fffdf8;border:1px solid #cbbfa9;max-width:100%}</style>
<h1>Simulated matching</h1><p>${escape(said.join(' · '))}. One population and one stream of searches for all policies.</p>
${summary(results)}
<p>${escape(hindsightLine(hindsight))}</p>
<h2>People waiting over the day</h2>${lines(results.map((r) => ({ name: r.measures.policy, points: r.readings.map((x) => [x.atMs, x.waiting] as const) })))}
<h2>Match rate over the day, by when the search began</h2>${lines(results.map((r) => overDay(r, 'matchRate')))}
<h2>Quality over the day: mean score of matches</h2>${lines(results.map((r) => overDay(r, 'quality')))}
<h2>Match rate by group</h2>${bars(results, (group) => group.matchRate, 1)}
<h2>95th percentile of the wait by group (s)</h2>${bars(results, (group) => group.waitS.p95)}
<h2>Quality by group: mean score of matches</h2>${bars(results, (group) => group.quality)}
${learnt(results)}</html>
`;
}

/** What the hindsight that policies are compared with is. */
export function hindsightLine(hindsight: Hindsight | undefined): string {
  if (!hindsight) return 'Hindsight: not computed, too many pairs at once; take fewer hours.';
  const [found, bound] = [hindsight.found.toFixed(3), hindsight.bound.toFixed(3)];
  return (
    `Hindsight (who knew all arrivals, patience and tastes; recent partners and blocks left out): the best J over all searches lies ` +
    `between ${found}, which a matching has, and ${bound}, which none can pass. J / hindsight is by the latter, warm-up included.`
  );
}

function summary(results: readonly Result[]): string {
  const rows = results.map(({ measures: m, ofHindsight }) => {
    const cells = [
      m.searches,
      m.matchRate.toFixed(3),
      m.waitS.p50.toFixed(2),
      m.waitS.p95.toFixed(1),
      m.waitS.p99.toFixed(1),
    ];
    const share = ofHindsight?.share.toFixed(3) ?? '–';
    const more = [m.quality.toFixed(3), m.j.toFixed(3), share, `${m.worst.group} ${m.worst.matchRate.toFixed(3)}`];
    return `<tr><td>${escape(m.policy)}</td>${[...cells, ...more].map((cell) => `<td>${escape(String(cell))}</td>`).join('')}</tr>`;
  });
  return `<table><tr><th>policy<th>searches<th>match rate<th>wait p50<th>p95<th>p99<th>quality<th>J<th>J / hindsight<th>worst group</tr>${rows.join('')}</table>`;
}

const overDay = ({ measures }: Result, what: 'matchRate' | 'quality'): Line => ({
  name: measures.policy,
  points: measures.day.map((part) => [part.atMs, part[what]] as const),
});

function learnt(results: readonly Result[]): string {
  return results
    .flatMap(({ measures, readings }) => {
      const names = Object.keys(readings.at(-1)?.learnt ?? {});
      return names.map((name) => {
        const points = readings.map((reading) => [reading.atMs, reading.learnt[name] ?? 0] as const);
        return `<h2>${escape(`${measures.policy}: ${name}`)}</h2>${lines([{ name, points }])}`;
      });
    })
    .join('\n');
}

function lines(all: readonly Line[]): string {
  const most = Math.max(1e-9, ...all.flatMap((line) => line.points.map(([, y]) => y)));
  const end = Math.max(1, ...all.map((line) => line.points.at(-1)?.[0] ?? 0));
  const drawn = all.map(({ name, points }, i) => {
    const path = points.map(
      ([x, y]) => `${((x / end) * WIDTH).toFixed(1)},${(HEIGHT - (y / most) * (HEIGHT - 20)).toFixed(1)}`,
    );
    const colour = COLOURS[i % COLOURS.length];
    return `<polyline fill="none" stroke="${colour}" points="${path.join(' ')}"/><text x="${8 + i * 120}" y="14" fill="${colour}">${escape(name)}</text>`;
  });
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="0 to ${most.toPrecision(3)}">${drawn.join('')}<text x="${WIDTH - 90}" y="14">max ${most.toPrecision(3)}</text></svg>`;
}

function bars(results: readonly Result[], valueOf: (group: GroupMeasures) => number, most?: number): string {
  const groups = results[0]?.measures.groups.map(({ group }) => group).toSorted((a, b) => a.localeCompare(b)) ?? [];
  const of = ({ measures }: Result, name: string): number => {
    const group = measures.groups.find((candidate) => candidate.group === name);
    return group ? valueOf(group) : 0;
  };
  const top = most ?? Math.max(1e-9, ...results.flatMap((result) => groups.map((name) => of(result, name))));
  const step = 14 * results.length + 10;
  const drawn = groups.flatMap((name, row) => [
    `<text x="0" y="${row * step + 14}">${escape(name)}</text>`,
    ...results.map((result, i) => {
      const value = of(result, name);
      const y = row * step + 14 * i + 4;
      const label = `${result.measures.policy} ${value.toFixed(2)}`;
      return `<rect x="200" y="${y}" width="${((value / top) * 420).toFixed(1)}" height="12" fill="${COLOURS[i % COLOURS.length]}"/><text x="${205 + (value / top) * 420}" y="${y + 11}" font-size="11">${escape(label)}</text>`;
    }),
  ]);
  return `<svg viewBox="0 0 ${WIDTH} ${groups.length * step + 10}" role="img" aria-label="by group">${drawn.join('')}</svg>`;
}

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
