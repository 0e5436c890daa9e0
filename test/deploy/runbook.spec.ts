import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';

const runbook = readFileSync('docs/runbook.md', 'utf8');
const trials = readFileSync('docs/runbook-trials.md', 'utf8');
const spans = [...runbook.matchAll(/`([^`\n]+)`/g)].map((found) => found[1] ?? '');
const unique = (words: (string | undefined)[]): string[] => [...new Set(words.flatMap((word) => word ?? []))];
const all = (text: string, pattern: RegExp): string[] => unique([...text.matchAll(pattern)].map((found) => found[1]));

/** The text of every file below a folder that ends so. */
const textBelow = (folder: string, end: RegExp): string =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => end.test(file))
    .map((file) => readFileSync(`${folder}/${file}`, 'utf8'))
    .join('\n');
const source = textBelow('src', /(?<!spec)\.(ts|lua)$/);
const tests = textBelow('test', /\.(e2e|int)\.ts$/);

const paths = unique(spans.flatMap((span) => all(span, /(?:^|[ (])((?:src|test|docs|deploy|bench)\/[\w./-]+\.\w+)/g)));
const scripts = unique(spans.flatMap((span) => all(span, /npm run ([\w:]+)/g)));
const lines = unique(spans.filter((span) => /^[a-z]+\.[a-z_]+$/.test(span)));
/** Titles of tests. */
const quoted = unique(all(runbook, /^Tried: (.*)$/gm).flatMap((line) => all(line, /"([^"]+)"/g)));
const deployments = unique(spans.flatMap((span) => all(span, /(?:deployment|deploy)\/(stoa-\w+)/g)));

describe('the runbook names only what there is:', () => {
  it.each(paths)('the file %s', (path) => {
    expect(existsSync(path)).toBe(true);
  });

  it.each(scripts)('npm run %s', (script) => {
    const { scripts: known } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: object };
    expect(known).toHaveProperty([script]);
  });

  it.each(lines)('%s, a log line, a row of the trail or a job', (line) => {
    expect(source).toContain(`'${line}'`);
  });

  it.each(quoted)('the test "%s"', (title) => {
    expect(tests.replaceAll('`', '')).toContain(title);
  });

  it.each(deployments)('the deployment %s', (name) => {
    const kinds = ['api', 'worker'].flatMap((file) =>
      parseAllDocuments(readFileSync(`deploy/kubernetes/${file}.yml`, 'utf8')).map((document) => document.toJS()),
    ) as { kind: string; metadata: { name: string } }[];
    expect(kinds.filter(({ kind }) => kind === 'Deployment').map(({ metadata }) => metadata.name)).toContain(name);
  });

  it('alerts that have an entry', () => {
    const entries = all(runbook, /^### (Stoa\w+)$/gm);
    expect(all(runbook, /\b(Stoa[A-Z]\w+)/g).filter((name) => !entries.includes(name))).toEqual([]);
    expect(all(trials, /\b(Stoa[A-Z]\w+)/g).filter((name) => !entries.includes(name))).toEqual([]);
  });

  it('and finds something of each kind to look at', () => {
    for (const found of [paths, scripts, lines, quoted, deployments]) expect(found.length).toBeGreaterThan(1);
  });
});

describe('the record of what was tried', () => {
  const procedures = all(runbook.slice(runbook.indexOf('\n## Procedures')), /^### (.+)$/gm);

  it.each(procedures)('has "%s"', (name) => {
    expect(trials).toMatch(new RegExp(`^\\| ${name}\\b.*\\|`, 'm'));
  });

  it.each(procedures)('has every step of "%s"', (name) => {
    const entry = runbook.slice(runbook.indexOf(`### ${name}\n`)).split(/\n##/)[0] ?? '';
    const steps = all(entry, /^(\d+)\. /gm).map(Number);
    const told = [...trials.matchAll(new RegExp(`^\\| ${name}, (\\d+)(?:–(\\d+))? `, 'gm'))].flatMap(([, from, to]) =>
      Array.from({ length: Number(to ?? from) - Number(from) + 1 }, (_, i) => Number(from) + i),
    );
    expect(steps.filter((step) => !told.includes(step))).toEqual([]);
  });
});
