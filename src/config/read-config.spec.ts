import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ENV_SCHEMA } from './env.schema.js';
import { ConfigInvalid, readConfig } from './read-config.js';
import { SAMPLE_SECRET } from './secret-keys.js';

const secret = 'k1:0123456789abcdef0123456789abcdef';
const valid = { DATABASE_URL: 'postgres://u:p@db/stoa', REDIS_URL: 'redis://cache', SECRET_KEYS: secret };

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigInvalid) return error.faults;
    throw error;
  }
}

describe('readConfig', () => {
  it('knows the port that an origin does not name', () => {
    expect(readConfig({ ...valid, PORT: '80' }).http.publicOrigin).toBe('http://localhost');
  });

  it('fills in every default', () => {
    const config = readConfig({ ...valid, PORT: '8080' });
    expect(config.http).toMatchObject({ port: 8080, publicOrigin: 'http://localhost:8080', secure: false });
    expect(config.http.allowedHosts).toContain('127.0.0.1');
    expect(config.conversation).toEqual({
      reconnectGraceMs: 45_000,
      idleMs: 900_000,
      messageRetentionMs: 86_400_000,
      factsRetentionMs: 86_400_000,
    });
    expect(config.matching.rematchAvoidMs).toBe(86_400_000);
    expect(config.session.keys.map((k) => k.kid)).toEqual(['k1']);
  });

  it('keeps who met whom as long as the longest of what needs it', () => {
    const factsOf = (messages: number, rematch: number) =>
      readConfig({ ...valid, MESSAGE_RETENTION_SECONDS: `${messages}`, REMATCH_AVOID_SECONDS: `${rematch}` })
        .conversation.factsRetentionMs;
    expect([factsOf(60, 0), factsOf(60, 200_000), factsOf(300_000, 0)]).toEqual([86_400_000, 200_000_000, 300_000_000]);
  });

  it('reads the nodes of a cluster', () => {
    expect(readConfig({ ...valid, REDIS_URL: 'redis://a:1,redis://b:2' }).redis.urls).toEqual([
      'redis://a:1',
      'redis://b:2',
    ]);
  });

  it('takes an empty value as not set', () => {
    expect(readConfig({ ...valid, PORT: '', SMTP_URL: '' }).http.port).toBe(3000);
  });

  it('reports all faults at once, by name and without values', () => {
    const faults = faultsOf({
      PORT: 'eighty',
      LOG_LEVEL: 'loud',
      PUBLIC_ORIGIN: 'https://chat.example/path',
      REDIS_URL: 'http://cache',
      SECRET_KEYS: 'short-secret',
      TRUST_PROXY: 'true',
    });
    for (const key of ['PORT', 'LOG_LEVEL', 'PUBLIC_ORIGIN', 'DATABASE_URL', 'REDIS_URL', 'SECRET_KEYS', 'TRUST_PROXY'])
      expect(faults.filter((fault) => fault.startsWith(key))).toHaveLength(1);
    expect(faults.join()).not.toMatch(/short-secret|eighty|loud/);
  });

  it('refuses in production what is only fit for a desk', () => {
    const faults = faultsOf({ ...valid, NODE_ENV: 'production', RATE_LIMITS: 'off', SECRET_KEYS: SAMPLE_SECRET });
    expect(faults).toHaveLength(3);
    expect(faultsOf({ ...valid, NODE_ENV: 'production', PUBLIC_ORIGIN: 'https://chat.example' })).toEqual([]);
  });

  it('serves only named hosts in production', () => {
    const config = readConfig({ ...valid, NODE_ENV: 'production', PUBLIC_ORIGIN: 'https://chat.example' });
    expect(config.http.allowedHosts).toEqual(['chat.example']);
    expect(config.http.secure).toBe(true);
  });

  it('never ends otherwise than with a tree or readable faults', () => {
    const keys = fc.constantFrom(...Object.keys(ENV_SCHEMA));
    fc.assert(
      fc.property(fc.dictionary(keys, fc.string({ maxLength: 40 })), (env) => {
        for (const fault of faultsOf(env)) expect(fault).toMatch(/^[A-Z_]+/);
      }),
    );
  });

  it.each([
    ['SMTP_URL', 'mail.example'],
    ['SMTP_URL', 'https://mail.example'],
    ['ALLOWED_HOSTS', 'chat.example:80'],
    ['ALLOWED_HOSTS', 'http://chat.example'],
    ['ALLOWED_HOSTS', 'chat.example,,'],
    ['TRUST_PROXY', '10.0.0.0/99'],
    ['TRUST_PROXY', '1.2.3'],
  ])('refuses %s=%s', (key, value) => {
    const faults = faultsOf({ ...valid, [key]: value });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(new RegExp(`^${key} must`));
  });

  it('takes what such settings are for', () => {
    const settings = { SMTP_URL: 'smtps://u:p@mail.example:465', ALLOWED_HOSTS: 'chat.example, [::1],localhost' };
    expect(faultsOf({ ...valid, ...settings, TRUST_PROXY: 'loopback, 10.0.0.0/8,fd00::/8' })).toEqual([]);
  });

  it('takes a password of the staff, if it is long enough', () => {
    expect(readConfig({ ...valid, STAFF_PASSWORD: 'x'.repeat(32) }).staff).toEqual({ password: 'x'.repeat(32) });
    expect(readConfig(valid).staff).toEqual({});
    expect(faultsOf({ ...valid, STAFF_PASSWORD: 'short-password' })).toEqual([
      'STAFF_PASSWORD must have 32 characters or more',
    ]);
  });
});
