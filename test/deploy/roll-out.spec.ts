import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

const FOLDER = 'deploy/kubernetes';

interface Source {
  name: string;
}
interface Thing {
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  spec?: {
    template?: {
      spec: {
        serviceAccountName?: string;
        containers: { envFrom?: { configMapRef?: Source; secretRef?: Source }[] }[];
      };
    };
  };
}

const thingsIn = (file: string): Thing[] =>
  parseAllDocuments(readFileSync(`${FOLDER}/${file}`, 'utf8')).map((document) => document.toJS() as Thing);
const { resources, namespace } = parse(readFileSync(`${FOLDER}/kustomization.yml`, 'utf8')) as {
  resources: string[];
  namespace: string;
};
const everything = resources.flatMap(thingsIn);

const nameOf = ({ kind, metadata }: Thing): string => `${kind} ${metadata.name}`;

/** What a `kubectl apply` brings. */
function broughtBy(command: string): Thing[] {
  const [, file] = / -f (\S+)/.exec(command) ?? [];
  if (file) return thingsIn(file === 'secret.yml' ? 'secret.example.yml' : file.replace(`${FOLDER}/`, ''));
  expect(command).toContain(` -k ${FOLDER}`);
  const [, app] = / -l app=(\S+)/.exec(command) ?? [];
  return everything.filter(({ metadata }) => app === undefined || metadata.labels?.['app'] === app);
}

/** What a thing cannot be made, or its pods cannot start, without. */
function neededBy({ kind, spec }: Thing): string[] {
  const pods = spec?.template?.spec;
  const sources = pods?.containers.flatMap(({ envFrom = [] }) => envFrom) ?? [];
  return [
    ...(kind === 'Namespace' ? [] : [`Namespace ${namespace}`]),
    ...(pods?.serviceAccountName ? [`ServiceAccount ${pods.serviceAccountName}`] : []),
    ...sources.flatMap(({ configMapRef, secretRef }) => [
      ...(configMapRef ? [`ConfigMap ${configMapRef.name}`] : []),
      ...(secretRef ? [`Secret ${secretRef.name}`] : []),
    ]),
  ];
}

/** What each command of a list needs and does not find, with what was there before the first. */
function lackingIn(commands: string[], there: string[] = []): string[] {
  const found = new Set(there);
  return commands
    .filter((command) => / apply /.test(command))
    .flatMap((command) => {
      const brought = broughtBy(command);
      // An apply sorts what it brings: a namespace first, a deployment after what it reads.
      for (const thing of brought) found.add(nameOf(thing));
      return brought.flatMap((thing) => neededBy(thing).filter((name) => !found.has(name)));
    });
}

const commandsIn = (text: string): string[] =>
  [...text.matchAll(/kubectl [^`#\n]+/g)].map(([command]) => command.trim());
const section = (file: string, title: string): string =>
  readFileSync(file, 'utf8').split(`${title}\n`)[1]?.split(/\n##/)[0] ?? '';
const runbook = readFileSync('docs/runbook.md', 'utf8');

const install = commandsIn(/```sh\n([^]*?)```/.exec(section('docs/deployment.md', '## Kubernetes'))?.[1] ?? '');
const release = commandsIn(section('docs/runbook.md', '### Roll out a release')).filter((line) => !/ undo /.test(line));
const secrets = thingsIn('secret.example.yml').map(nameOf);

describe('on Kubernetes', () => {
  it('everything finds what it needs in the order of docs/deployment.md, from an empty cluster', () => {
    expect(lackingIn(install)).toEqual([]);
    const brought = install.filter((command) => / apply /.test(command)).flatMap(broughtBy);
    expect(brought.map(nameOf)).toEqual(expect.arrayContaining([...everything.map(nameOf), 'Job stoa-migrate']));
  });

  it('a release finds the namespace and secrets of the one before, and brings its own settings before the migration', () => {
    expect(lackingIn(release, [`Namespace ${namespace}`, ...secrets])).toEqual([]);
  });

  it('nothing is found in the order that once stood there', () => {
    const once = [
      'kubectl apply -f secret.yml',
      `kubectl apply -f ${FOLDER}/migrate.yml`,
      `kubectl apply -k ${FOLDER}`,
    ];
    const missing = lackingIn(once);
    expect(new Set(missing)).toEqual(new Set(['Namespace stoa', 'ServiceAccount stoa', 'ConfigMap stoa']));
  });

  it.each([
    ['docs/deployment.md', install],
    ['the runbook', release],
  ])('%s replaces the workers, waits for them, and then the api', (_, commands) => {
    const deploymentsOf = (command: string): string[] =>
      / apply /.test(command)
        ? broughtBy(command).flatMap(({ kind, metadata }) => (kind === 'Deployment' ? [metadata.name] : []))
        : [];
    const first = commands.findIndex((command) => deploymentsOf(command).length > 0);
    const migrated = commands.findIndex((command) => command.includes('wait --for=condition=complete'));
    const waited = commands.indexOf('kubectl -n stoa rollout status deployment/stoa-worker');
    const rest = commands.findIndex((command) => deploymentsOf(command).includes('stoa-api'));
    expect(deploymentsOf(commands[first] ?? '')).toEqual(['stoa-worker']);
    expect([migrated, first, waited, rest]).toEqual([migrated, first, waited, rest].toSorted((a, b) => a - b));
    expect(migrated).toBeGreaterThan(-1);
    expect(waited).toBeGreaterThan(first);
    expect(commands.at(-1)).toBe('kubectl -n stoa rollout status deployment/stoa-api');
  });

  it.each(everything.map((thing) => [nameOf(thing), thing] as const))(
    '%s comes with its role',
    (_, { kind, metadata }) => {
      const role = kind === 'Ingress' ? 'stoa-api' : metadata.name;
      expect(metadata.labels?.['app']).toBe(role);
      expect(['stoa', 'stoa-worker', 'stoa-api']).toContain(role);
    },
  );

  it('a changed setting is followed by the restart of both roles, the workers first', () => {
    const commands = commandsIn(section('docs/runbook.md', '### Change a setting'));
    const places = [
      'apply -f secret.yml',
      'apply -k',
      'restart deployment/stoa-worker',
      'restart deployment/stoa-api',
    ].map((part) => commands.findIndex((command) => command.includes(part)));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);
  });

  it('nobody is told to set a number that the autoscaler sets', () => {
    const scaled = commandsIn(runbook).filter((command) => / scale .*--replicas/.test(command));
    const restore = commandsIn(section('docs/runbook.md', '### Back up and restore Postgres'));
    expect(scaled.filter((command) => !restore.includes(command))).toEqual([]);
    const patched = /patch hpa (\S+) -p '([^']+)'/.exec(section('docs/runbook.md', '### Scale up and down'));
    expect(everything.map(nameOf)).toContain(`HorizontalPodAutoscaler ${patched?.[1]}`);
    expect(JSON.parse(patched?.[2] ?? '')).toEqual({ spec: { minReplicas: expect.any(Number) as number } });
  });
});

describe('on one machine', () => {
  it('the runbook tells how many api processes the proxy knows', () => {
    const line = /server-template api \d+/.exec(readFileSync('deploy/haproxy/haproxy.cfg', 'utf8'))?.[0];
    const told = section('docs/runbook.md', '### Scale up and down');
    expect(told).toContain(`\`${line}\``);
    expect(told).toContain(`up to ${line?.split(' ').at(-1)}:`);
  });
});
