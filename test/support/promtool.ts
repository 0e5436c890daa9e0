import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { onPath } from '../../scripts/path.mjs';
import { Failure } from '../../scripts/processes.mjs';
import { debianPackage } from '../../scripts/services/debian.mjs';

const DEBIAN_PROMETHEUS = {
  name: 'prometheus',
  parts: ['prometheus'],
  wayOut: 'install promtool (Debian: the package prometheus)',
};

interface Promtool {
  ask: (...args: string[]) => { status: number | null; told: string };
}

/** The machine's promtool, or Debian's; it works in `deploy/prometheus`. A sentence where there is none and none is to be had. */
export async function findPromtool(): Promise<Promtool | string> {
  try {
    const installed = onPath('promtool');
    const { folder, env } = installed ? { folder: '', env: {} } : await debianPackage(DEBIAN_PROMETHEUS);
    const program = installed ?? join(folder, 'usr/bin/promtool');
    return {
      ask: (...args) => {
        const options = { cwd: 'deploy/prometheus', encoding: 'utf8', env: { ...process.env, ...env } } as const;
        const { status, stdout, stderr, error } = spawnSync(program, args, options);
        return { status, told: `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}` };
      },
    };
  } catch (error) {
    if (error instanceof Failure) return error.message.split('\n')[0] ?? '';
    throw error;
  }
}
