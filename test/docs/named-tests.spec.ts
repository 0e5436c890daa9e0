import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

// docs/security.md says of every requirement which test holds it. A test that was renamed or taken away must not stand there any more.

const DOCUMENT = readFileSync('docs/security.md', 'utf8');
const FILES = globSync('{src,test,scripts,web}/**/*.{spec,int,e2e,timing}.{ts,tsx}');
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };

/** `x.int`, `test/browser/x.spec`, `x.e2e.ts`; `npm run x`, `test:timing`; the attack suite; a row; the words of a title, cut where … stands. */
const NAME =
  /`(?<file>[\w/.-]+\.(?:spec|int|e2e|timing))(?:\.tsx?)?`|`(?:npm run |npm )?(?<script>[a-z]+(?::[a-z]+)?)`|\b(?<attack>attack)\b|#(?<row>\d+)|"(?<title>[^"]+)"/g;

type Named = Record<'file' | 'script' | 'attack' | 'row' | 'title', string | undefined>;

/** What the last column of the tables after the heading names, as it is read: a title or a row belongs to the file before it. */
function namedTests(text: string): { line: string; cell: string }[] {
  const tables = text.slice(
    text.indexOf('## Requirements and the tests that hold them'),
    text.indexOf('## Operating it'),
  );
  const rows = tables.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| -'));
  return rows.map((line) => ({ line, cell: line.split(/(?<!\\)\|/).at(-2) ?? '' }));
}

const sourceOf = (name: string): string | undefined => {
  const found = FILES.filter((path) => `/${path.replace(/\.tsx?$/, '')}`.endsWith(`/${name}`));
  return found.length === 1 ? readFileSync(found[0] ?? '', 'utf8') : undefined;
};

/** Also a part of a title. */
const hasTitle = (source: string, title: string): boolean => source.includes(title.replace(/\s*…$/, ''));

const hasRow = (source: string, row: string): boolean => new RegExp(`['"\`].*#${row}\\b`).test(source);

/** What is wrong with one cell. */
function faultsOf(cell: string): string[] {
  const faults: string[] = [];
  let source: string | undefined;
  for (const { groups } of cell.matchAll(NAME)) {
    const { file, script, attack, row, title } = groups as Named;
    if (file) source = sourceOf(file);
    if (attack) source = sourceOf('e2e/attack-http.e2e');
    if (file && source === undefined) faults.push(`no file, or several: ${file}`);
    if (script && !(script in scripts)) faults.push(`no script: ${script}`);
    if (title && !(source && hasTitle(source, title))) faults.push(`no such title: ${title}`);
    if (row && !(source && hasRow(source, row))) faults.push(`no such row: #${row}`);
  }
  return faults;
}

describe('the table of requirements in docs/security.md', () => {
  const rows = namedTests(DOCUMENT).filter(({ line }) => !/\| *test *\|$/.test(line));

  it('is found', () => expect(rows.length).toBeGreaterThan(50));

  it.each(rows.map(({ line, cell }) => [line.split('|')[1]?.trim().slice(0, 60), cell]))(
    'names tests that exist: %s',
    (_, cell) => {
      expect(faultsOf(cell)).toEqual([]);
    },
  );

  it('names a test in every row, or says that there is none', () => {
    const empty = rows.filter(
      ({ cell }) => !/\.(?:spec|int|e2e|timing)\b|attack|test\/browser|^ *none:|npm/.test(cell),
    );
    expect(empty.map(({ line }) => line)).toEqual([]);
  });

  it('would be red for a file, a title, a row or a script that is not there', () => {
    expect(faultsOf('`no-such.spec`, `members.int` "walks on water", attack #999, `npm run fly`')).toHaveLength(4);
    expect(faultsOf('`members.int` "uses a token once …", attack #12, `test:timing`')).toEqual([]);
  });
});
