import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { ClientKnowledge } from '../../src/chat/client-knowledge.service.js';
import { ERROR_CODES } from '../../src/contracts/error-codes.js';
import { CLIENT_EVENTS } from '../../src/contracts/socket-events.js';
import type { EndOfSearch } from '../../src/matching/search.types.js';
import { deploy } from '../support/deployment.js';
import type { Deployment } from '../support/deployment.js';
import { meet } from '../support/person.js';
import { matchersOf, namesOf, namesServed, valuesServed } from '../support/promql.js';

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

const HEALED_BY = ['sync', 'resend', 'beacon'] as const satisfies Parameters<ClientKnowledge['countHealed']>[0][];
const UNMATCHED = ['gave_up', 'lost'] as const satisfies EndOfSearch[];
const codes = Object.keys(ERROR_CODES);
const events = Object.keys(CLIENT_EVENTS);
const jobs = (
  parse(read('deploy/prometheus/prometheus.yml')) as { scrape_configs: { job_name: string }[] }
).scrape_configs.map(({ job_name: name }) => name);
/** The values of labels, where the source has a closed list of them, by metric or for any. */
const CLOSED: Record<string, readonly string[]> = {
  'stoa_chat_gaps_healed_total{path}': HEALED_BY,
  'stoa_handshake_refusals_total{code}': codes,
  'stoa_socket_refusals_total{code}': codes,
  'stoa_socket_refusals_total{event}': events,
  'stoa_socket_event_seconds_bucket{event}': events,
  'stoa_http_request_seconds_count{status}': Object.values(ERROR_CODES).map(({ status }) => String(status)),
  'stoa_matching_searches_ended_total{how}': ['matched', ...UNMATCHED],
  '{job}': jobs,
};

let deployment: Deployment;
let served: Map<string, Set<string>>;
let values: Map<string, Set<string>>;
beforeAll(async () => {
  deployment = await deploy({ apis: 2, workers: 1 });
  const { ada, adas, bob } = await meet(deployment.apis.map(({ url }) => url));
  await ada.say(adas, 'hello');
  await ada.try('message:send', {});
  await bob.next('message:new');
  const processes = [...deployment.apis, ...deployment.workers];
  const texts = await Promise.all(processes.map((process) => process.metrics()));
  served = namesServed(texts);
  values = valuesServed(texts);
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

/** Values that an expression asks for and that no process can serve: those of closed lists, else those that one serves here. */
function unknownValues(expression: string): string[] {
  return matchersOf(expression).flatMap(({ metric, label, values: wanted }) => {
    const known = CLOSED[`${metric}{${label}}`] ??
      CLOSED[`{${label}}`] ?? [...(values.get(`${metric}{${label}}`) ?? [])];
    return wanted
      .filter((value) => !known.some((found) => new RegExp(`^(?:${value})$`).test(found)))
      .map((value) => `${metric}{${label}}: ${value}`);
  });
}

describe('the dashboard', () => {
  const shown = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const));

  it.each(shown)('%s shows what exists: %s', (_, expr) => {
    expect(namesOf(expr).metrics).not.toEqual([]);
    expect(unknownNames(expr)).toEqual([]);
    expect(unknownValues(expr)).toEqual([]);
  });

  it('names none that does not exist', () => {
    expect(unknownNames('sum(rate(stoa_no_such_total[1m]))')).toEqual(['stoa_no_such_total']);
    expect(unknownNames('stoa_queue_jobs{shard="a"}')).toEqual(['shard']);
  });

  it.each([
    'stoa_health_fault{reason="postgres_ful"}',
    'stoa_chat_gaps_healed_total{path="beacons"}',
    'stoa_socket_refusals_total{code=~"BUSY|UNAVAILIBLE"}',
    'stoa_socket_refusals_total{event="message:sent"}',
    'stoa_socket_event_seconds_bucket{outcome!="refuse"}',
    'stoa_job_failures_total{dead="yes"}',
    'stoa_postgres_pool_connections{state="bus"}',
    'stoa_http_request_seconds_count{status=~"6.."}',
    'up{job="stoa_api"}',
  ])('asks for no value that no process serves, such as %s', (expr) => {
    expect(unknownValues(expr)).toHaveLength(1);
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

describe('Prometheus', () => {
  it.each(['prometheus.yml', 'kubernetes.yml'])(
    'as %s has it leaves labels of ours alone that it would set itself',
    (name) => {
      const { scrape_configs: scrapes } = parse(read(`deploy/prometheus/${name}`)) as {
        scrape_configs: { honor_labels?: boolean; relabel_configs?: { target_label?: string }[] }[];
      };
      for (const { honor_labels: honoured = false, relabel_configs: rules = [] } of scrapes) {
        const set = ['job', 'instance', ...rules.flatMap(({ target_label: label }) => label ?? [])];
        const taken = [...served].filter(([, labels]) => set.some((label) => labels.has(label)));
        expect(taken.map(([metric]) => metric)).toContain('stoa_job_failures_total');
        expect(honoured).toBe(true);
      }
    },
  );
});

describe('an alert', () => {
  it.each(alerts)(
    '$alert asks for what exists, and the runbook has an entry for it',
    ({ alert, expr, labels, annotations }) => {
      expect(unknownNames(expr)).toEqual([]);
      expect(unknownValues(expr)).toEqual([]);
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

describe('what is served', () => {
  it('is on the dashboard, all of it', () => {
    const asked = panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => namesOf(expr).metrics));
    const base = (name: string): string => name.replace(/_(bucket|sum|count)$/, '');
    const shown = new Set(asked.map(base));
    const own = [...served.keys()].filter((name) => name.startsWith('stoa_'));
    expect(own.length).toBeGreaterThan(50);
    expect([...new Set(own.map(base))].filter((name) => !shown.has(name))).toEqual([]);
  });
});
