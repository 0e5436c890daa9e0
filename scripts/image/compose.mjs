// deploy/compose.yml as Compose reads it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { root } from '../project.mjs';

/**
 * Fills in `${NAME}`, `${NAME:-default}` and `${NAME:?reason}` as Compose does.
 * @param {string} text
 * @param {Record<string, string>} given
 */
export function interpolate(text, given) {
  return text.replaceAll(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name, sign, word = '') => {
    const value = given[name];
    if (value) return value;
    if (sign === '-') return word;
    throw new Error(`${name} is not given`);
  });
}

export const composeText = () => readFileSync(join(root, 'deploy/compose.yml'), 'utf8');

/**
 * What is filled in is text, never YAML.
 * @param {Record<string, string>} given what the operator gives
 */
export const readCompose = (given) =>
  parse(composeText(), (_, value) => (typeof value === 'string' ? interpolate(value, given) : value), { merge: true });
