import { readFileSync } from 'node:fs';
import { ENV_SCHEMA } from '../../src/config/env.schema.js';
import { readConfig } from '../../src/config/read-config.js';
import type { StoaConfig } from '../../src/config/config.types.js';

/** Between SIGTERM and SIGKILL, as docs/deployment.md asks of every deployment (s). */
export const GRACE_SECONDS = Number(
  /(\d+) s between SIGTERM and SIGKILL/.exec(readFileSync('docs/deployment.md', 'utf8'))?.[1],
);

const ROLES = [...readFileSync('src/stoa.ts', 'utf8').matchAll(/^ {2}(\w+): \(\) => import/gm)].map(
  (found) => found[1],
);

/** The role that a command of the image starts: `['api']`. */
export function roleOf(command: readonly string[] | undefined): string {
  const [role = '', ...rest] = command ?? [];
  if (rest.length > 0 || !ROLES.includes(role)) throw new Error(`no role: ${command?.join(' ')}`);
  return role;
}

/** The configuration that a process would read from these settings in the image; throws on an unknown name or a wrong value. */
export function configOf(settings: Record<string, string>): StoaConfig {
  const unknown = Object.keys(settings).filter((name) => !(name in ENV_SCHEMA));
  if (unknown.length > 0) throw new Error(`no such setting: ${unknown.join(', ')}`);
  return readConfig({ NODE_ENV: 'production', ...settings });
}
