import { existsSync } from 'node:fs';
import { ENV_SCHEMA } from '../../src/config/env.schema.js';
import { readConfig } from '../../src/config/read-config.js';
import type { StoaConfig } from '../../src/config/config.types.js';

/** The file in src/ that a command of the image runs: `['dist/main.js']`. */
export function sourceOf(command: readonly string[] | undefined): string {
  const [file = '', ...rest] = command ?? [];
  const source = file.replace(/^dist\//, 'src/').replace(/\.js$/, '.ts');
  if (rest.length > 0 || source === file || !existsSync(source)) throw new Error(`no process: ${command?.join(' ')}`);
  return source;
}

/** The configuration that a process would read from these settings in the image; throws on an unknown name or a wrong value. */
export function configOf(settings: Record<string, string>): StoaConfig {
  const unknown = Object.keys(settings).filter((name) => !(name in ENV_SCHEMA));
  if (unknown.length > 0) throw new Error(`no such setting: ${unknown.join(', ')}`);
  return readConfig({ NODE_ENV: 'production', ...settings });
}
