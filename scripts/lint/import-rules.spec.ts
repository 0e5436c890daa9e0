import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { IConfiguration, ICruiseResult } from 'dependency-cruiser';
import { expect, it, onTestFinished } from 'vitest';

const project = fileURLToPath(new URL('../..', import.meta.url));
const config = join(project, '.dependency-cruiser.cjs');

/** Which rules a tree of `file: what it imports` breaks: `rule: from → to`. */
function broken(files: Record<string, string[]>): string[] {
  const tree = mkdtempSync(join(tmpdir(), 'stoa-imports-'));
  onTestFinished(() => rmSync(tree, { recursive: true }));
  symlinkSync(join(project, 'node_modules'), join(tree, 'node_modules'));
  writeFileSync(join(tree, 'package.json'), JSON.stringify({ type: 'module', devDependencies: { vitest: '*' } }));
  writeFileSync(join(tree, 'tsconfig.json'), JSON.stringify({ compilerOptions: { module: 'nodenext' } }));
  for (const [file, imports] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    writeFileSync(join(tree, file), imports.map((path) => `import '${path}';\n`).join(''));
  }
  const program = join(project, 'node_modules/.bin/depcruise');
  const args = [program, '--config', config, '--output-type', 'json', 'src', 'web'];
  const { summary } = JSON.parse(
    execFileSync(process.execPath, args, { cwd: tree, encoding: 'utf8' }),
  ) as ICruiseResult;
  return summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`).toSorted();
}

/** What is allowed, once each: the tree that the bad imports are added to. */
const good = {
  'src/main.ts': ['./api.module.js'],
  'src/api.module.ts': [
    './auth/access-guards.js',
    './chat/chat.gateway.js',
    './chat/chat.module.js',
    './ops/ops.module.js',
  ],
  'src/config/config.ts': [],
  'src/contracts/message.ts': ['class-validator'],
  'src/platform/clock.ts': ['../config/config.js', '../contracts/message.js'],
  'src/auth/access-guards.ts': ['../platform/clock.js'],
  'src/auth/auth.service.ts': ['./access-guards.js'],
  'src/chat/chat.gateway.ts': ['./chat.module.js'],
  'src/chat/chat.module.ts': ['../auth/auth.service.js', '../contracts/message.js'],
  'src/chat/chat.spec.ts': ['vitest', './chat.gateway.js', '../auth/access-guards.js', '../lobby/lobby.service.js'],
  'src/lobby/lobby.service.ts': ['../chat/chat.module.js'],
  'src/ops/ops.module.ts': ['../auth/auth.service.js'],
  'web/app/app.ts': ['../../src/contracts/message.js'],
};

it('lets every import of the layout pass', () => {
  expect(broken(good)).toEqual([]);
});

const features = ['auth', 'presence', 'chat', 'safety', 'matching', 'lobby', 'cleanup', 'privacy'];

it('catches one breach of every rule', () => {
  const bad: Record<string, string[]> = {
    ...Object.fromEntries(features.map((name) => [`src/${name}/bad.ts`, ['../ops/ops.module.js']])),
    'src/platform/bad.ts': ['../auth/auth.service.js'],
    'src/ops/bad.ts': ['../chat/chat.module.js'],
    'src/config/bad.ts': ['../platform/clock.js'],
    'src/contracts/bad.ts': ['socket.io'],
    'src/auth/top.ts': ['../main.js'],
    'src/chat/door.ts': ['./chat.gateway.js'],
    'src/chat/face.ts': ['../auth/access-guards.js'],
    'src/worker.ts': ['./chat/door.js'],
    'web/app/bad.ts': ['../../src/platform/clock.js'],
    'src/chat/test.ts': ['../../test/helper.js'],
    'test/helper.ts': [],
    'src/games/bad.ts': ['../platform/clock.js'],
    'src/chat/dev.ts': ['vitest'],
    'src/chat/one.ts': ['./other.js'],
    'src/chat/other.ts': ['./one.js'],
    'src/chat/alone.ts': [],
    'src/chat/lost.ts': ['./nowhere.js'],
  };
  const rules = broken({ ...good, ...bad }).map((breach) => breach.slice(0, breach.indexOf(':')));
  const { forbidden = [] } = createRequire(import.meta.url)(config) as IConfiguration;
  expect(rules.toSorted()).toEqual(forbidden.map(({ name = '' }) => name).toSorted());
});
