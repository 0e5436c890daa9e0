// Which file may import which: the arrows, faces and doors of docs/architecture.md. Each rule is shown to fail in scripts/lint/import-rules.spec.ts.

/** Each may import those to its left, and itself. */
const layers = ['platform', 'auth', 'presence', 'chat', 'safety', 'matching', 'lobby', 'privacy', 'cleanup'];
const anyOf = (names) => `^src/(${names.join('|')})/`;

const test = '\\.(spec|arbitrary)\\.ts$';
const root = '^src/[^/]+\\.ts$';
const door = '\\.(gateway|controller|processor)\\.ts$';
const face = '\\.(module|service|events|errors|types|port|jobs)\\.ts$';
/** What the root modules list besides doors: the guards that stand before them. */
const guards = '-guards\\.ts$';
const open = anyOf(['contracts', 'config', 'platform']);

const rule = (name, comment, from, to) => ({
  name,
  comment,
  severity: 'error',
  from: { ...from, pathNot: [test, ...(from.pathNot ?? [])] },
  to,
});

const arrows = layers.map((layer, i) =>
  rule(
    `arrow-${layer}`,
    `${layer} imports what is to its left; against the arrow one speaks by an event or a port`,
    { path: anyOf([layer]) },
    { path: anyOf([...layers.slice(i + 1), 'ops']) },
  ),
);

module.exports = {
  forbidden: [
    ...arrows,
    rule(
      'arrow-ops',
      'ops uses platform and auth',
      { path: anyOf(['ops']) },
      { path: anyOf(layers.filter((layer) => layer !== 'platform' && layer !== 'auth')) },
    ),
    rule(
      'arrow-config',
      'config stands alone',
      { path: anyOf(['config']) },
      { path: '^src/', pathNot: anyOf(['config']) },
    ),
    rule(
      'contracts-alone',
      'the contract is shared with clients: it needs nothing but its decorators',
      { path: anyOf(['contracts']) },
      { pathNot: [anyOf(['contracts']), 'node_modules/(class-validator|class-transformer)/'] },
    ),
    rule(
      'root-on-top',
      'the files that start a process are imported by nobody below them',
      { path: '^src/[^/]+/' },
      { path: root },
    ),
    rule(
      'door',
      'doors are listed in the two root modules and used by nobody else',
      { path: '^(src|web)/', pathNot: ['^src/(api|worker)\\.module\\.ts$'] },
      { path: `^src/.*${door}` },
    ),
    rule(
      'face',
      'a feature is used through its public files',
      { path: '^src/([^/]+)/' },
      { path: '^src/[^/]+/', pathNot: ['^src/$1/', open, face, door] },
    ),
    rule(
      'face-to-root',
      'a feature is assembled from its public files and doors',
      { path: root },
      { path: '^src/[^/]+/', pathNot: [open, face, door, guards] },
    ),
    rule(
      'web-contract',
      'the web client knows the contract, nothing else of the server',
      { path: '^web/' },
      { path: '^src/', pathNot: anyOf(['contracts']) },
    ),
    rule(
      'src-alone',
      'the product needs no test, bench, script or client',
      { path: '^src/' },
      { path: '^(test|bench|scripts|web)/' },
    ),
    rule(
      'known-feature',
      'a new folder of src/ gets its place among the arrows first',
      { path: '^src/[^/]+/', pathNot: [anyOf(['contracts', 'config', ...layers, 'ops'])] },
      {},
    ),
    rule(
      'no-dev-package',
      'what runs in production is a dependency, not a devDependency',
      { path: '^src/' },
      { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    ),
    rule('no-cycle', 'two files that need each other are one, or lack a third', {}, { circular: true }),
    rule(
      'no-orphan',
      'a file that nobody imports and that imports nobody',
      { orphan: true, pathNot: ['^web/[^/]+\\.ts$', '\\.d\\.ts$'] },
      {},
    ),
    rule('no-missing', 'an import that leads nowhere', {}, { couldNotResolve: true }),
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
