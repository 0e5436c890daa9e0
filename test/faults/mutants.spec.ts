import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { replaceOnce } from '../support/changed-build.js';
import { NEXT_VERSION } from './next-version.js';
import { MUTANTS } from './mutants.js';
import { rowsLike, rowsNamed } from './rows.js';

/** As the newest migration makes it. */
function sourceOf(name: string): string {
  const makes = (file: string): boolean =>
    readFileSync(`migrations/${file}`, 'utf8').includes(`FUNCTION ${name}(`) && !file.includes('down');
  const newest = readdirSync('migrations').filter(makes).toSorted().at(-1);
  const [, text = ''] = readFileSync(`migrations/${newest}`, 'utf8').split(`FUNCTION ${name}(`);
  return text.slice(0, text.search(/^CREATE |^-- /m));
}

const codes = [
  ...MUTANTS.flatMap(({ name, code }) => (code ? [{ name, code }] : [])),
  { name: 'two versions', code: NEXT_VERSION },
];
const sqls = MUTANTS.flatMap(({ name, sql }) => (sql ? [{ name, sql }] : []));

describe('each mutant fits what it changes', () => {
  it.each(codes)('in the build: $name', ({ code }) => {
    expect(replaceOnce(readFileSync(`dist/${code.file}`, 'utf8'), code)).toContain(code.to);
  });

  it.each(sqls)('in the database: $name', ({ sql }) => {
    expect(replaceOnce(sourceOf(sql.function), sql)).toContain(sql.to);
  });

  it('and says so when it does not', () => {
    expect(() => replaceOnce('twice twice', { from: 'twice', to: 'once' })).toThrow('does not fit');
  });
});

describe('rows by name', () => {
  it('are found, and a name that nothing has is told', () => {
    expect(rowsNamed('api kill -9')).toHaveLength(1);
    expect(rowsLike(['kill', 'silence']).map(({ name }) => name)).toEqual([
      'Redis stopped, then silence',
      'Redis cut off, then silence',
      'worker kill -9',
      'api kill -9',
    ]);
    expect(() => rowsNamed('api kill')).toThrow('no row is named');
    expect(() => rowsLike(['kill', 'earthquake'])).toThrow('earthquake');
  });
});
