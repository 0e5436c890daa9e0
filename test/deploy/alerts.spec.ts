import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { onPath } from '../../scripts/path.mjs';
import { root } from '../../scripts/project.mjs';

const unpacked = join(root, '.data/debian-prometheus/usr/bin/promtool');
const promtool = onPath('promtool') ?? (existsSync(unpacked) ? unpacked : undefined);
const here = promtool === undefined ? ' (NOT RUN: no promtool here; it is in the Debian package "prometheus")' : '';

const ask = (...args: string[]): { status: number | null; told: string } => {
  const { status, stdout, stderr } = spawnSync(promtool ?? '', args, { cwd: 'deploy/prometheus', encoding: 'utf8' });
  return { status, told: `${stdout}${stderr}` };
};

describe.skipIf(promtool === undefined)(`promtool${here}`, () => {
  it('takes the rules', () => {
    expect(ask('check', 'rules', 'alerts.yml')).toMatchObject({ status: 0 });
  });

  it('takes both configurations', () => {
    // Debian builds Prometheus without the discovery of Kubernetes: the rest of that file is looked at without it.
    const folder = mkdtempSync(join(tmpdir(), 'stoa-prometheus-'));
    for (const name of ['prometheus.yml', 'kubernetes.yml']) {
      const given = readFileSync(join('deploy/prometheus', name), 'utf8');
      const file = join(folder, name);
      writeFileSync(file, given.replace(/^ +kubernetes_sd_configs: .*$/m, '    static_configs: [{ targets: [a] }]'));
      expect(ask('check', 'config', '--syntax-only', file)).toMatchObject({ status: 0 });
    }
    rmSync(folder, { recursive: true });
  });

  it('sees each alert when it should come and not when it should not', () => {
    const { status, told } = ask('test', 'rules', 'alerts.test.yml');
    expect(told).toContain('SUCCESS');
    expect(status).toBe(0);
  });
});
