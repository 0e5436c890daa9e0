import { Ajv } from 'ajv';
import proxyAddr from 'proxy-addr';
import type { StaffConfig, StoaConfig } from './config.types.js';
import { ENV_SCHEMA } from './env.schema.js';
import type { EnvKey } from './env.schema.js';
import { DEFAULT_POLICY } from './matching-policy.js';
import type { MatchingPolicyConfig } from './matching-policy.js';
import { readPolicyFile } from './read-policy.js';
import { parseSecretKeys } from './secret-keys.js';

/** How long after its end a conversation can be rated (ms): part of the contract, `conversation:rate`. */
const RATED_WITHIN_MS = 24 * 3_600_000;

/** A start that cannot go on because of its settings: one readable line per fault, without the values. */
export class ConfigInvalid extends Error {
  constructor(readonly faults: readonly string[]) {
    super(faults.join('\n'));
  }
}

/** Settings after coercion and defaults. */
type Settings = {
  [K in EnvKey]: (typeof ENV_SCHEMA)[K] extends { default: infer Value }
    ? Value
    : ((typeof ENV_SCHEMA)[K]['type'] extends 'integer' ? number : string) | undefined;
};

const validate = new Ajv({ allErrors: true, coerceTypes: true, useDefaults: true, strict: false }).compile({
  type: 'object',
  properties: ENV_SCHEMA,
});

/**
 * Turns an environment into the typed tree.
 * @throws ConfigInvalid with every fault at once
 */
export function readConfig(env: Record<string, string | undefined>): StoaConfig {
  // An empty value means "not set": compose files and shells pass those.
  const raw: Record<string, unknown> = {};
  for (const key of Object.keys(ENV_SCHEMA)) if (env[key] !== undefined && env[key] !== '') raw[key] = env[key];
  const faults = validate(raw) ? [] : (validate.errors ?? []).map((e) => `${e.instancePath.slice(1)} ${e.message}`);
  // Faults of single settings do not hide those between settings: a faulty one is left out and the rest checked.
  for (const error of validate.errors ?? []) delete raw[error.instancePath.slice(1)];
  validate(raw);
  const config = buildTree(raw as unknown as Settings, faults);
  if (faults.length > 0) throw new ConfigInvalid(faults);
  return config;
}

function buildTree(s: Settings, faults: string[]): StoaConfig {
  const production = s.NODE_ENV === 'production';
  const origin = readOrigin(s.PUBLIC_ORIGIN ?? new URL(`http://localhost:${s.PORT}`).origin, production, faults);
  if (production && s.RATE_LIMITS === 'off') faults.push('RATE_LIMITS must be on in production');
  const databaseUrl = s.DATABASE_URL ?? '';
  const redisUrls = (s.REDIS_URL ?? '').split(',').filter((u) => u !== '');
  requireUrls('DATABASE_URL', databaseUrl ? [databaseUrl] : [], /^postgres(ql)?:\/\//, faults);
  requireProtocol('OTLP_URL', s.OTLP_URL, ['http', 'https'], faults);
  requireProtocol('SMTP_URL', s.SMTP_URL, ['smtp', 'smtps'], faults);
  requireUrls('REDIS_URL', redisUrls, /^rediss?:\/\/[^/]+/, faults);
  return {
    runtime: {
      environment: s.NODE_ENV,
      logLevel: s.LOG_LEVEL,
      rateLimits: s.RATE_LIMITS === 'on',
      ...(s.OTLP_URL === undefined ? {} : { tracesUrl: s.OTLP_URL }),
    },
    http: {
      port: s.PORT,
      publicOrigin: origin.origin,
      secure: origin.protocol === 'https:',
      allowedHosts: allowedHosts(s.ALLOWED_HOSTS, origin.hostname, production, faults),
      trustProxy: readProxies(s.TRUST_PROXY, faults),
      ...(s.METRICS_PORT === undefined ? {} : { metricsPort: s.METRICS_PORT }),
    },
    staff: readStaff(s.STAFF_PASSWORD, faults),
    database: { url: databaseUrl, migrationUrl: s.MIGRATION_DATABASE_URL ?? databaseUrl },
    redis: { urls: redisUrls },
    session: {
      memberIdleMs: s.SESSION_IDLE_SECONDS * 1_000,
      guestIdleMs: s.GUEST_IDLE_SECONDS * 1_000,
      maxAgeMs: s.SESSION_MAX_SECONDS * 1_000,
      keys: parseSecretKeys(s.SECRET_KEYS, faults),
    },
    conversation: {
      reconnectGraceMs: s.RECONNECT_GRACE_MS,
      idleMs: s.CONVERSATION_IDLE_MS,
      messageRetentionMs: s.MESSAGE_RETENTION_SECONDS * 1_000,
      factsRetentionMs: Math.max(s.MESSAGE_RETENTION_SECONDS * 1_000, s.REMATCH_AVOID_SECONDS * 1_000, RATED_WITHIN_MS),
    },
    matching: {
      rematchAvoidMs: s.REMATCH_AVOID_SECONDS * 1_000,
      ratedWithinMs: RATED_WITHIN_MS,
      policy: readMatchingPolicy(s.MATCHING_POLICY, faults),
    },
    mail: {
      ...(s.SMTP_URL ? { smtpUrl: s.SMTP_URL } : {}),
      dir: s.MAIL_DIR,
      from: s.MAIL_FROM,
    },
  };
}

function readOrigin(value: string, production: boolean, faults: string[]): URL {
  const url = URL.parse(value);
  if (!url || !/^https?:$/.test(url.protocol) || url.origin !== value) {
    faults.push('PUBLIC_ORIGIN must be an origin such as https://chat.example, without a path');
    return new URL('http://localhost');
  }
  if (production && url.protocol !== 'https:') faults.push('PUBLIC_ORIGIN must be https in production');
  return url;
}

function readMatchingPolicy(file: string | undefined, faults: string[]): MatchingPolicyConfig {
  if (file === undefined) return DEFAULT_POLICY;
  const found: string[] = [];
  const policy = readPolicyFile(file, found);
  faults.push(...found.map((fault) => `MATCHING_POLICY ${fault}`));
  return policy;
}

const MIN_STAFF_PASSWORD = 32;

function readStaff(password: string | undefined, faults: string[]): StaffConfig {
  if (password === undefined) return {};
  if (password.length < MIN_STAFF_PASSWORD)
    faults.push(`STAFF_PASSWORD must have ${MIN_STAFF_PASSWORD} characters or more`);
  return { password };
}

function requireUrls(key: string, urls: string[], shape: RegExp, faults: string[]): void {
  if (urls.length === 0) faults.push(`${key} is not set (npm start brings a private instance; here it must be given)`);
  else if (!urls.every((u) => shape.test(u) && URL.canParse(u)))
    faults.push(`${key} is not a URL of the expected kind`);
}

/** Of a URL that need not be set. */
function requireProtocol(key: EnvKey, url: string | undefined, names: [string, string], faults: string[]): void {
  if (url !== undefined && !names.includes(URL.parse(url)?.protocol.slice(0, -1) ?? ''))
    faults.push(`${key} must be an ${names.join(' or ')} URL`);
}

const HOST_NAME = /^([\w-]+(\.[\w-]+)*|\[[\da-f:]+\])$/;

function allowedHosts(value: string | undefined, publicHost: string, production: boolean, faults: string[]): string[] {
  const named = value?.split(',').map((h) => h.trim().toLowerCase()) ?? [publicHost];
  if (!named.every((name) => HOST_NAME.test(name)))
    faults.push('ALLOWED_HOSTS must list names without scheme and port');
  return production ? named : [...new Set([...named, 'localhost', '127.0.0.1', '[::1]'])];
}

const PROXY_RANGE = /^([\d.]+|[\da-f:.]*:[\da-f:.]*)(\/\d{1,3})?$|^(loopback|linklocal|uniquelocal)$/i;

function readProxies(value: string, faults: string[]): string[] {
  const ranges = value
    .split(',')
    .map((r) => r.trim())
    .filter((r) => r !== '');
  if (!ranges.every((r) => PROXY_RANGE.test(r) && !/^\d+$/.test(r) && canCompile(r)))
    faults.push('TRUST_PROXY must list addresses or CIDR ranges (never true, never a bare number)');
  return ranges;
}

function canCompile(range: string): boolean {
  try {
    proxyAddr.compile(range);
    return true;
  } catch {
    return false;
  }
}
