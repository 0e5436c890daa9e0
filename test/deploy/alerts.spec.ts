import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { findPromtool } from '../support/promtool.js';

const FOLDER = 'deploy/prometheus';
const CONFIGURATIONS = ['prometheus.yml', 'kubernetes.yml'];

interface Tests {
  tests: { name: string; alert_rule_test: { alertname: string; exp_alerts?: object[] }[] }[];
}
interface Rules {
  groups: { rules: { alert: string }[] }[];
}

const read = (name: string): string => readFileSync(join(FOLDER, name), 'utf8');
const alerts = (parse(read('alerts.yml')) as Rules).groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
const { tests } = parse(read('alerts.test.yml')) as Tests;

/** With the lines that an operator who has an Alertmanager makes part of it. */
const withAlertmanager = (text: string): string => text.replace(/^# (alerting:\n)# ( .*)$/m, '$1$2');

describe('the tests of the alerts', () => {
  it('see every one of them come, and none that there is not', () => {
    const asked = tests.flatMap((test) => test.alert_rule_test);
    const firing = asked.filter(({ exp_alerts: expected = [] }) => expected.length > 0);
    const silent = alerts.filter((alert) => !firing.some(({ alertname }) => alertname === alert));
    expect(silent).toEqual([]);
    expect(asked.map(({ alertname }) => alertname).filter((name) => !alerts.includes(name))).toEqual([]);
  });

  it('have a name each', () => {
    expect(new Set(tests.map(({ name }) => name)).size).toBe(tests.length);
  });
});

describe.each(CONFIGURATIONS)('%s', (name) => {
  it('has a place for an Alertmanager, which docs/deployment.md asks for', () => {
    expect(parse(withAlertmanager(read(name)))).toMatchObject({
      rule_files: ['alerts.yml'],
      alerting: { alertmanagers: [{ static_configs: [{ targets: [expect.any(String)] }] }] },
    });
    expect(readFileSync('docs/deployment.md', 'utf8')).toMatch(/^- .*Alertmanager.*`alerting:`/m);
  });
});

// Fetched once, where the machine has none: half a minute.
const promtool = await findPromtool();
const here = typeof promtool === 'string' ? ` (NOT RUN: ${promtool})` : '';
const ask = (...args: string[]) =>
  typeof promtool === 'string' ? { status: null, told: promtool } : promtool.ask(...args);

describe.skipIf(typeof promtool === 'string')(`promtool${here}`, () => {
  it('takes the rules', () => {
    expect(ask('check', 'rules', 'alerts.yml')).toMatchObject({ status: 0 });
  });

  it('takes what every panel of the dashboard asks', () => {
    const { panels } = JSON.parse(readFileSync('deploy/grafana/stoa.json', 'utf8')) as {
      panels: { targets?: { expr: string }[] }[];
    };
    const asked = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    const rules = asked.map((expr, i) => ({ record: `panel:${i}`, expr: expr.replaceAll('$__rate_interval', '1m') }));
    const folder = mkdtempSync(join(tmpdir(), 'stoa-panels-'));
    const file = join(folder, 'rules.yml');
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'panels', rules }] }));
    expect(ask('check', 'rules', file)).toMatchObject({ status: 0 });
    rmSync(folder, { recursive: true });
  });

  it('takes both configurations, with an Alertmanager and without', () => {
    // Debian builds Prometheus without the discovery of Kubernetes: the rest of that file is looked at without it.
    const folder = mkdtempSync(join(tmpdir(), 'stoa-prometheus-'));
    for (const given of CONFIGURATIONS.map(read).flatMap((text) => [text, withAlertmanager(text)])) {
      const file = join(folder, 'prometheus.yml');
      writeFileSync(file, given.replace(/^ +kubernetes_sd_configs: .*$/m, '    static_configs: [{ targets: [a] }]'));
      expect(ask('check', 'config', '--syntax-only', file)).toMatchObject({ status: 0 });
    }
    rmSync(folder, { recursive: true });
  });

  it('sees each alert when it should come and not when it should not', () => {
    const { status, told } = ask('test', 'rules', 'alerts.test.yml');
    expect(told).toContain('SUCCESS');
    expect(status).toBe(0);
  }, 120_000);
});
