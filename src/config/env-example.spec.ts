import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderEnvExample } from './env-example.js';
import { ENV_SCHEMA } from './env.schema.js';

const file = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');

describe('.env.example', () => {
  it('names exactly the settings of the schema', () => {
    const keys = [...file.matchAll(/^#([A-Z_]+)=/gm)].map((match) => match[1]);
    expect(keys).toEqual(Object.keys(ENV_SCHEMA));
  });

  it('is what the schema says (npm run generate writes it)', () => {
    expect(file).toBe(renderEnvExample());
  });
});
