/** One setting: a JSON Schema property (checked and coerced by Ajv); `description` is its line in `.env.example`. */
interface Setting {
  description: string;
}
interface IntegerSetting extends Setting {
  type: 'integer';
  minimum: number;
  maximum: number;
}
interface TextSetting extends Setting {
  type: 'string';
  enum?: string[];
}
type Defaulted<S, V> = S & { default: V };

const port = (description: string): IntegerSetting => ({ type: 'integer', minimum: 0, maximum: 65_535, description });
const seconds = (description: string, value: number, minimum = 1): Defaulted<IntegerSetting, number> => ({
  type: 'integer',
  minimum,
  maximum: 10 * 365 * 86_400,
  default: value,
  description: `${description} (s)`,
});
const ms = (description: string, value: number): Defaulted<IntegerSetting, number> => ({
  type: 'integer',
  minimum: 100,
  maximum: 86_400_000,
  default: value,
  description: `${description} (ms)`,
});
const text = (description: string): TextSetting => ({ type: 'string', description });
const choice = <V extends string>(description: string, values: V[], value: V): Defaulted<TextSetting, V> => ({
  type: 'string',
  enum: values,
  default: value,
  description: `${description}: ${values.join(', ')}`,
});

const withDefault = <S, V>(setting: S, value: V): Defaulted<S, V> => ({ ...setting, default: value });

/** Every setting that a deployment may make. The only list: `.env.example` is compared with it. */
export const ENV_SCHEMA = {
  NODE_ENV: choice(
    'production refuses what is only fit for a desk',
    ['development', 'test', 'production'],
    'development',
  ),
  PORT: withDefault(port('Port of HTTP and sockets (api)'), 3000),
  PUBLIC_ORIGIN: text('Origin that browsers see, without a path; default http://localhost:PORT'),
  DATABASE_URL: text('Postgres, postgres://user:password@host:port/database; absent: npm start brings its own'),
  MIGRATION_DATABASE_URL: text('Postgres as the owner of the schema, for npm run migrate; default DATABASE_URL'),
  REDIS_URL: text('Redis, redis://host:port; nodes of a cluster separated by commas; absent: npm start brings its own'),
  METRICS_PORT: port('Port of /metrics, apart from PORT; 0 takes a free one; absent: no metrics port'),
  OTLP_URL: text('Collector of traces, OTLP over HTTP, http://host:4318/v1/traces; absent: no traces'),
  STAFF_PASSWORD: text(
    'Password of the user "staff" for the queue dashboard, /queues on METRICS_PORT of a worker; 32 characters or more; absent: no dashboard',
  ),
  SESSION_IDLE_SECONDS: seconds("A member's session ends after this long without use", 7 * 86_400),
  SESSION_MAX_SECONDS: seconds('Any session ends at this age', 30 * 86_400),
  GUEST_IDLE_SECONDS: seconds("A guest's session ends after this long without use", 2 * 86_400),
  RECONNECT_GRACE_MS: ms('How long a conversation waits for a partner who lost the connection', 45_000),
  CONVERSATION_IDLE_MS: ms('A silent conversation ends after this', 900_000),
  MESSAGE_RETENTION_SECONDS: seconds(
    "Messages, and what the two were shown of each other, are deleted this long after their conversation's end",
    86_400,
  ),
  REMATCH_AVOID_SECONDS: seconds(
    'Two people who met are not paired again for this long; who met whom is kept for that, and at least 24 h for ratings',
    86_400,
    0,
  ),
  MATCHING_POLICY: text(
    'JSON file with the weights and limits of the pairing policy that differ from the shipped ones (docs/deployment.md); absent: none do',
  ),
  RATE_LIMITS: choice('Whether limits act; off is refused in production', ['on', 'off'], 'on'),
  SMTP_URL: text('Mail server, smtps://user:password@host:465; absent: mails are files in MAIL_DIR'),
  MAIL_DIR: withDefault(text('Folder for mails when SMTP_URL is absent'), '.data/mail'),
  MAIL_FROM: withDefault(text('Sender of mails'), 'Stoa <no-reply@localhost>'),
  SECRET_KEYS: text(
    'Key ring kid:secret,kid:secret, each secret 32 bytes or more; the first signs, all verify; outside production .data/secret-keys stands in',
  ),
  ALLOWED_HOSTS: text(
    'Host names served, without port, separated by commas; default the host of PUBLIC_ORIGIN, and loopback names outside production',
  ),
  TRUST_PROXY: withDefault(text('Addresses or CIDR ranges of trusted proxies, separated by commas; empty: none'), ''),
  LOG_LEVEL: choice(
    'Least severe level that is logged',
    ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    'info',
  ),
} satisfies Record<string, IntegerSetting | TextSetting>;

export type EnvKey = keyof typeof ENV_SCHEMA;
