import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { deploy } from '../support/deployment.js';
import type { Deployment } from '../support/deployment.js';
import { meet } from '../support/person.js';
import { namesOf, namesServed } from '../support/promql.js';

interface Alert {
  alert: string;
  expr: string;
  labels: { severity: string };
  annotations: { summary: string };
}
interface Panel {
  title: string;
  targets?: { expr: string }[];
}

const read = (path: string): string => readFileSync(path, 'utf8');
const alerts = (parse(read('deploy/prometheus/alerts.yml')) as { groups: { rules: Alert[] }[] }).groups.flatMap(
  ({ rules }) => rules,
);
const panels = (JSON.parse(read('deploy/grafana/stoa.json')) as { panels: Panel[] }).panels;

/** Made by Prometheus itself. */
const PROMETHEUS = { metrics: new Set(['up']), labels: new Set(['job', 'instance']) };

let deployment: Deployment;
let served: Map<string, Set<string>>;
beforeAll(async () => {
  deployment = await deploy({ apis: 2, workers: 1 });
  const { ada, adas, bob } = await meet(deployment.apis.map(({ url }) => url));
  await ada.say(adas, 'hello');
  await ada.try('message:send', {});
  await bob.next('message:new');
  const processes = [...deployment.apis, ...deployment.workers];
  served = namesServed(await Promise.all(processes.map((process) => process.metrics())));
});
afterAll(() => deployment.stop());

/** What an expression names and no process serves. */
function unknownNames(expression: string): string[] {
  const { metrics, labels } = namesOf(expression);
  const own = metrics.filter((name) => !PROMETHEUS.metrics.has(name));
  const known = own.map((name) => served.get(name));
  // A metric that nothing has touched yet does not tell its labels.
  const toldLabels = known.every((found) => found === undefined || found.size > 0) && known.length > 0;
  const unknownLabels = labels.filter(
    (label) => !PROMETHEUS.labels.has(label) && !known.some((found) => found?.has(label)),
  );
  return [...own.filter((name) => !served.has(name)), ...(toldLabels ? unknownLabels : [])];
}

describe('the dashboard', () => {
  const shown = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const));

  it.each(shown)('%s shows what exists: %s', (_, expr) => {
    expect(namesOf(expr).metrics).not.toEqual([]);
    expect(unknownNames(expr)).toEqual([]);
  });

  it('names none that does not exist', () => {
    expect(unknownNames('sum(rate(stoa_no_such_total[1m]))')).toEqual(['stoa_no_such_total']);
    expect(unknownNames('stoa_queue_jobs{shard="a"}')).toEqual(['shard']);
  });
});

const runbook = read('docs/runbook.md');

describe('the runbook', () => {
  /** Names of Stoa that are no metrics. */
  const roles = [...read('src/platform/postgres/roles.ts').matchAll(/_ROLE = '(stoa_\w+)'/g)].map((found) => found[1]);
  const namesIn = (text: string) => [...text.matchAll(/\bstoa_\w+/g)].map(([name]) => name);
  const told = namesIn(runbook).filter((name) => !roles.includes(name));
  const alarmed = alerts.flatMap(({ expr }) => namesIn(expr));
  const signals = [...new Set([...told, ...alarmed])].toSorted((a, b) => a.localeCompare(b));
  const onDashboard = new Set(panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => namesIn(expr))));

  it.each(signals)('names %s, which a process serves and the dashboard shows', (name) => {
    const forms = [name, `${name}_bucket`, `${name}_count`, `${name}_sum`];
    expect(forms.some((form) => served.has(form))).toBe(true);
    expect(forms.some((form) => onDashboard.has(form))).toBe(true);
  });
});

describe('an alert', () => {
  it.each(alerts)(
    '$alert asks for what exists, and the runbook has an entry for it',
    ({ alert, expr, labels, annotations }) => {
      expect(unknownNames(expr)).toEqual([]);
      expect(labels.severity).toMatch(/^(page|ticket)$/);
      expect(annotations.summary).toMatch(/\.$/);
      const entry = new RegExp(`^### ${alert}\n([^]*?)(?=^##)`, 'm').exec(`${runbook}\n##`)?.[1] ?? '';
      for (const part of ['Means', 'Users notice', 'Look', 'Do']) expect(entry).toContain(`**${part}.**`);
    },
  );

  it('has its name alone, and no entry of the runbook is without its alert', () => {
    const entries = [...runbook.matchAll(/^### (Stoa\w+)$/gm)].map((found) => found[1]);
    expect(new Set(entries)).toEqual(new Set(alerts.map(({ alert }) => alert)));
    expect(entries).toHaveLength(alerts.length);
  });
});
