import { readFileSync, readdirSync } from 'node:fs';
import { Deployment } from 'kubernetes-models/apps/v1';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import { Job } from 'kubernetes-models/batch/v1';
import { Ingress, NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, Namespace, Secret, Service, ServiceAccount } from 'kubernetes-models/v1';
import type { IPodSpec } from 'kubernetes-models/v1';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { namesOf } from '../support/promql.js';
import { GRACE_SECONDS, configOf, roleOf } from './stoa-process.js';

const FOLDER = 'deploy/kubernetes';

const KINDS = {
  ConfigMap,
  Deployment,
  HorizontalPodAutoscaler,
  Ingress,
  Job,
  Namespace,
  NetworkPolicy,
  PodDisruptionBudget,
  Secret,
  Service,
  ServiceAccount,
};

type Manifest = { kind: string; apiVersion: string; metadata: { name: string } };

const manifests = readdirSync(FOLDER)
  .filter((file) => file !== 'kustomization.yml')
  .flatMap((file) =>
    parseAllDocuments(readFileSync(`${FOLDER}/${file}`, 'utf8')).map((document) => ({
      file,
      manifest: document.toJS() as Manifest,
    })),
  );

function modelOf({ kind, ...rest }: Manifest): InstanceType<(typeof KINDS)[keyof typeof KINDS]> {
  const Model = KINDS[kind as keyof typeof KINDS] as unknown as new (data: object) => never;
  return new Model({ kind, ...rest });
}

const all = <K extends keyof typeof KINDS>(kind: K): InstanceType<(typeof KINDS)[K]>[] =>
  manifests.filter(({ manifest }) => manifest.kind === kind).map(({ manifest }) => modelOf(manifest) as never);
const named = <K extends keyof typeof KINDS>(kind: K, name: string): InstanceType<(typeof KINDS)[K]> => {
  const found = all(kind).find(({ metadata }) => metadata?.name === name);
  if (!found) throw new Error(`no ${kind} ${name}`);
  return found;
};

const podsOf = (deployment: Deployment): IPodSpec => deployment.spec?.template.spec as IPodSpec;
const roles = ['api', 'worker'] as const;

describe('the manifests', () => {
  it.each(manifests.map(({ file, manifest }) => [file, manifest.kind, manifest] as const))(
    '%s: %s follows its schema',
    (_, __, manifest) => {
      const model = modelOf(manifest);
      expect(model.toJSON()).toMatchObject({ apiVersion: manifest.apiVersion });
      model.validate();
    },
  );

  it('would not pass with a fault', () => {
    expect(() => new Service({ spec: { ports: [{ port: 'http' as never }] } }).validate()).toThrow('must be integer');
  });

  it('are those that kustomization.yml applies, but for what is applied once', () => {
    const { resources } = parse(readFileSync(`${FOLDER}/kustomization.yml`, 'utf8')) as { resources: string[] };
    const files = [...new Set(manifests.map(({ file }) => file))];
    expect([...resources, 'migrate.yml', 'prometheus-adapter.yml', 'secret.example.yml'].toSorted()).toEqual(
      files.toSorted(),
    );
  });

  it('give the processes settings that they accept, once what must be changed is', () => {
    const settings = { ...named('ConfigMap', 'stoa').data, ...named('Secret', 'stoa').stringData };
    expect(() => configOf(settings)).toThrow('SECRET_KEYS');
    expect(configOf({ ...settings, SECRET_KEYS: `k1:${'x'.repeat(32)}` }).http.metricsPort).toBe(9464);
  });
});

describe.each(roles)('the %s', (role) => {
  const deployment = named('Deployment', `stoa-${role}`);
  const pods = podsOf(deployment);
  const [container] = pods.containers;

  it('runs its command with the settings', () => {
    expect(roleOf(container?.args)).toBe(role);
    expect(container?.envFrom).toEqual([{ configMapRef: { name: 'stoa' } }, { secretRef: { name: 'stoa' } }]);
  });

  it('runs as nobody in particular and writes nowhere', () => {
    expect(pods.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(pods.automountServiceAccountToken).toBe(false);
    expect(container?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('is asked for its health on a port that it has', () => {
    const ports = container?.ports?.map(({ name }) => name);
    for (const probe of [container?.startupProbe, container?.livenessProbe, container?.readinessProbe])
      expect(ports).toContain(probe?.httpGet?.port);
    expect(container?.readinessProbe?.httpGet?.path).toBe('/health/ready');
    expect(container?.livenessProbe?.httpGet?.path).toBe('/health/live');
  });

  it('has the time to end by itself, and never all end at once', () => {
    const hardDeadline = /HARD_DEADLINE = ([\d_]+)/.exec(readFileSync('src/shutdown.ts', 'utf8'))?.[1] ?? '';
    expect(pods.terminationGracePeriodSeconds).toBe(GRACE_SECONDS);
    expect(GRACE_SECONDS).toBeGreaterThan(Number(hardDeadline.replace('_', '')) / 1_000 + 3);
    expect(deployment.spec?.strategy?.rollingUpdate).toEqual({ maxUnavailable: 0, maxSurge: 1 });
    const budget = named('PodDisruptionBudget', `stoa-${role}`);
    expect(budget.spec).toEqual({ maxUnavailable: 1, selector: deployment.spec?.selector });
  });

  it('is scaled by a metric of its own', () => {
    const { spec } = named('HorizontalPodAutoscaler', `stoa-${role}`);
    expect(spec?.scaleTargetRef.name).toBe(`stoa-${role}`);
    expect(spec?.minReplicas).toBeGreaterThan(1);
    const own = spec?.metrics?.map(({ pods: perPod, external }) => (perPod ?? external)?.metric.name);
    expect(own).toContain(role === 'api' ? 'stoa_presence_connections' : 'stoa_queue_lag_seconds');
    expect(deployment.spec?.replicas).toBeUndefined();
  });

  it('is found by its selectors', () => {
    expect(deployment.spec?.template.metadata?.labels).toMatchObject(deployment.spec?.selector.matchLabels ?? {});
    const policy = named('NetworkPolicy', `stoa-${role}`);
    expect(policy.spec?.podSelector).toEqual(deployment.spec?.selector);
  });
});

describe('memory', () => {
  const MIB = 1024 * 1024;
  const { groups } = parse(readFileSync('deploy/prometheus/alerts.yml', 'utf8')) as {
    groups: { rules: { alert: string; expr: string }[] }[];
  };
  const high = groups.flatMap(({ rules }) => rules).find(({ alert }) => alert === 'StoaMemoryHigh')?.expr ?? '';

  const mebibytes = (quantity: string): number => parseFloat(quantity) * (quantity.endsWith('Gi') ? 1024 : 1);

  it.each(roles)(
    'of the %s is told at three quarters of its limit, before its heap is full, and its heap fits',
    (role) => {
      const [container] = podsOf(named('Deployment', `stoa-${role}`)).containers;
      const limit = mebibytes(String(container?.resources?.limits?.['memory']));
      const [, factors = ''] = new RegExp(`\\{job="stoa-${role}"\\} > ([\\d* ]+)`).exec(high) ?? [];
      const threshold = factors.split('*').reduce((product, factor) => product * Number(factor), 1) / MIB;
      expect(threshold / limit).toBeCloseTo(0.75, 1);
      const options = container?.env?.find(({ name }) => name === 'NODE_OPTIONS')?.value ?? '';
      const heap = Number(/^--max-old-space-size=(\d+)$/.exec(options)?.[1]);
      // A process is 100 MiB and more without its heap; new things have three times 16 MiB beside the old.
      expect(heap + 3 * 16 + 100).toBeGreaterThan(threshold);
      expect(heap + 3 * 16 + 200).toBeLessThan(limit);
    },
  );

  it('is told for every role that there is', () => {
    expect([...high.matchAll(/job="stoa-(\w+)"/g)].map((found) => found[1])).toEqual(roles);
  });
});

interface Rule {
  seriesQuery: string;
  resources: { overrides: Record<string, { resource: string }> };
  metricsQuery: string;
}

describe('the Prometheus adapter', () => {
  const config = named('ConfigMap', 'stoa-prometheus-adapter').data?.['config.yaml'] ?? '';
  const adapter = parse(config) as Record<'rules' | 'externalRules', [Rule]>;
  const metricsOf = (role: string) => named('HorizontalPodAutoscaler', `stoa-${role}`).spec?.metrics ?? [];
  const offered = (rules: Rule[]) => rules.flatMap(({ seriesQuery }) => namesOf(seriesQuery).metrics);

  it('offers what the autoscalers ask for', () => {
    const asked = roles.flatMap(metricsOf);
    expect(offered(adapter.rules)).toEqual(asked.flatMap(({ pods }) => pods?.metric.name ?? []));
    expect(offered(adapter.externalRules)).toEqual(asked.flatMap(({ external }) => external?.metric.name ?? []));
  });

  it('gives one value where every process tells the same, and each its own where they do not', () => {
    expect(adapter.externalRules.map(({ metricsQuery }) => metricsQuery)).toEqual([
      'max(<<.Series>>{<<.LabelMatchers>>})',
    ]);
    expect(adapter.rules.map(({ metricsQuery }) => metricsQuery)).toEqual([
      'sum by (<<.GroupBy>>) (<<.Series>>{<<.LabelMatchers>>})',
    ]);
  });

  it('finds pods by labels that Prometheus gives', () => {
    const { scrape_configs: jobs } = parse(readFileSync('deploy/prometheus/kubernetes.yml', 'utf8')) as {
      scrape_configs: { relabel_configs: { target_label?: string }[] }[];
    };
    const given = jobs.flatMap(({ relabel_configs: rules }) => rules.map(({ target_label: label }) => label));
    for (const { seriesQuery, resources } of [...adapter.rules, ...adapter.externalRules]) {
      expect(given).toEqual(expect.arrayContaining(Object.keys(resources.overrides)));
      expect(given).toEqual(expect.arrayContaining(namesOf(seriesQuery).labels));
    }
  });
});

describe('the way in', () => {
  it('leads from the ingress to the port of the api', () => {
    const [rule] = named('Ingress', 'stoa').spec?.rules ?? [];
    const backend = rule?.http?.paths[0]?.backend.service;
    const service = named('Service', backend?.name ?? '');
    expect(service.spec?.ports?.[0]).toMatchObject({ name: backend?.port?.name, targetPort: 'http' });
    expect(service.spec?.selector).toEqual(named('Deployment', 'stoa-api').spec?.selector.matchLabels);
    expect(`https://${rule?.host}`).toBe(named('ConfigMap', 'stoa').data?.['PUBLIC_ORIGIN']);
  });

  it('is migrated by the same image', () => {
    const { images } = parse(readFileSync(`${FOLDER}/kustomization.yml`, 'utf8')) as {
      images: [{ name: string; newName: string; newTag: string }];
    };
    const [container] = named('Job', 'stoa-migrate').spec?.template.spec?.containers ?? [];
    expect(container?.image).toBe(`${images[0].newName}:${images[0].newTag}`);
    expect(roleOf(container?.args)).toBe('migrate');
  });

  it('is migrated by the owner of the database, whose secret no process has', () => {
    const [container] = named('Job', 'stoa-migrate').spec?.template.spec?.containers ?? [];
    const process = { ...named('ConfigMap', 'stoa').data, ...named('Secret', 'stoa').stringData };
    const secrets = container?.envFrom?.flatMap(({ secretRef }) => secretRef?.name ?? []);
    expect(secrets).toEqual(['stoa', 'stoa-migration']);
    const { database } = configOf({
      ...process,
      ...named('Secret', 'stoa-migration').stringData,
      SECRET_KEYS: `k1:${'x'.repeat(32)}`,
    });
    const [url, migrationUrl] = [new URL(database.url), new URL(database.migrationUrl)];
    expect([url.username, migrationUrl.username]).toEqual(['stoa_process', 'stoa']);
    expect(migrationUrl.host + migrationUrl.pathname).toBe(url.host + url.pathname);
    expect(process).not.toHaveProperty('MIGRATION_DATABASE_URL');
  });
});
