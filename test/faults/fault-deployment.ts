import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import pg from 'pg';
import { startRedis } from '../../scripts/services/redis.mjs';
import { freePort } from '../../scripts/services/server.mjs';
import { createDatabase } from '../support/database.js';
import { LOGS, Member, ORIGIN } from '../support/deployment.js';
import { conversationKey } from './history.js';
import type { StoredConversation } from './history.js';
import type { Target } from './bot-account.js';
import { TcpProxy } from './tcp-proxy.js';

/** What a process never writes when all is well, whatever fails around it. */
const COMPLAINTS = /unhandled|uncaught|"code":"INTERNAL"|event\.handler_failed|job\.dead/i;

interface DeploymentOptions {
  apis?: number;
  workers?: number;
  /** Folder of the build; a mutant has its own. */
  dist?: string;
}

/** Real processes behind networks that can fail: bots → api, processes → Postgres, processes → Redis. */
export class FaultDeployment {
  private readonly expectedDeaths = new Set<Member>();

  private constructor(
    readonly apis: Member[],
    readonly workers: Member[],
    /** One before each api. */
    readonly doors: TcpProxy[],
    readonly toPostgres: TcpProxy,
    readonly toRedis: TcpProxy,
    readonly postgres: pg.Pool,
    readonly redis: Redis,
    private readonly stopRedis: () => Promise<void>,
  ) {}

  static async start({ apis = 2, workers = 2, dist = 'dist' }: DeploymentOptions = {}): Promise<FaultDeployment> {
    const databaseUrl = await createDatabase();
    await noticeDeadlocks(databaseUrl);
    const redisServer = await startRedis({ fresh: true });
    const toPostgres = await TcpProxy.before(new URL(databaseUrl));
    const toRedis = await TcpProxy.before(new URL(redisServer.url));
    const common = {
      NODE_ENV: 'test',
      LOG_LEVEL: 'info',
      RATE_LIMITS: 'off',
      PUBLIC_ORIGIN: ORIGIN,
      DATABASE_URL: toPostgres.urlFor(databaseUrl),
      REDIS_URL: toRedis.urlFor(redisServer.url),
      SECRET_KEYS: 'test:0123456789abcdef0123456789abcdef',
      MAIL_DIR: '.artifacts/mail',
      REMATCH_AVOID_SECONDS: '0',
      RECONNECT_GRACE_MS: '20000',
      MESSAGE_RETENTION_SECONDS: '7200',
    };
    const run = Math.random().toString(36).slice(2, 8);
    const make = async (role: string, i: number, entry: string, extra = {}) =>
      new Member(`faults-${run}-${role}${i}`, `${dist}/${entry}`, {
        ...common,
        METRICS_PORT: String(await freePort()),
        ...extra,
      });
    const apiMembers = await Promise.all(
      Array.from({ length: apis }, async (_, i) => make('api', i, 'main.js', { PORT: String(await freePort()) })),
    );
    const workerMembers = await Promise.all(Array.from({ length: workers }, (_, i) => make('worker', i, 'worker.js')));
    const doors = await Promise.all(apiMembers.map((api) => TcpProxy.before(new URL(api.url))));
    const postgres = new pg.Pool({ connectionString: databaseUrl, max: 2 });
    postgres.on('error', () => undefined);
    const redis = new Redis(redisServer.url);
    redis.on('error', () => undefined);
    const deployment = new FaultDeployment(
      apiMembers,
      workerMembers,
      doors,
      toPostgres,
      toRedis,
      postgres,
      redis,
      redisServer.stop,
    );
    await Promise.all([...workerMembers, ...apiMembers].map((member) => member.start()));
    return deployment;
  }

  get target(): Target {
    return { urls: this.apis.map((api, i) => this.doors[i]?.urlFor(api.url) ?? ''), origin: ORIGIN };
  }

  /** Kills a process and starts it again after a moment. */
  async bounce(member: Member, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.expectedDeaths.add(member);
    await member.stop(signal);
    await member.start();
  }

  /** Sum of a metric over all processes that answer, by its name and a part of its labels. */
  async metric(name: string, labels = ''): Promise<number> {
    const texts = await Promise.all(
      [...this.apis, ...this.workers].map(async (member) => {
        const url = `http://127.0.0.1:${member.env['METRICS_PORT']}/metrics`;
        return (await fetch(url).catch(() => undefined))?.text() ?? '';
      }),
    );
    const lines = texts.flatMap((text) => text.split('\n'));
    return lines
      .filter((line) => line.startsWith(name) && line.includes(labels))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  /** Complaints in the logs, processes that are gone, deadlocks. */
  async incidents(): Promise<string[]> {
    const members = [...this.apis, ...this.workers];
    const complaints = members.flatMap(({ name }) =>
      readFileSync(`${LOGS}/${name}.log`, 'utf8')
        .split('\n')
        .filter((line) => COMPLAINTS.test(line))
        .map((line) => `${name}: ${line.slice(0, 300)}`),
    );
    const dead = members.filter((member) => !member.isRunning).map(({ name }) => `${name} is not running`);
    const { rows } = await this.postgres.query(
      'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()',
    );
    const deadlocks = rows[0].deadlocks > 0 ? [`${rows[0].deadlocks} deadlocks in Postgres`] : [];
    return [...complaints, ...dead, ...deadlocks];
  }

  async stored(nameOf: Map<string, string>): Promise<StoredConversation[]> {
    const { rows } = await this.postgres.query(
      `SELECT c.started_at, c.ended_at,
              (SELECT array_agg(user_id::text ORDER BY slot) FROM conversation_members WHERE conversation_id = c.id) AS users,
              (SELECT coalesce(json_agg(json_build_object('seq', seq, 'text', text, 'slot', slot) ORDER BY seq), '[]')
                 FROM messages m WHERE m.started_on = c.started_on AND m.conversation_id = c.id) AS texts
         FROM conversations c`,
    );
    return rows.map((row) => {
      const members = row.users.map((id: string) => nameOf.get(id) ?? id) as [string, string];
      const startedAt: Date = row.started_at;
      const second = new Date(Math.floor(startedAt.getTime() / 1_000) * 1_000).toISOString();
      return {
        conversation: conversationKey(members[0], members[1], second),
        members,
        startedAt: startedAt.getTime(),
        endedAt: row.ended_at?.getTime() ?? null,
        texts: row.texts.map(({ seq, text, slot }: { seq: number; text: string; slot: 0 | 1 }) => ({
          seq,
          text,
          sender: members[slot],
        })),
      };
    });
  }

  async stop(): Promise<void> {
    await Promise.all([...this.apis, ...this.workers].map((member) => member.stop('SIGKILL')));
    this.redis.disconnect();
    await this.postgres.end();
    await Promise.all([...this.doors, this.toPostgres, this.toRedis].map((proxy) => proxy.close()));
    await this.stopRedis();
  }
}

/** A deadlock is to be seen as one, before the time-out of a lock ends it. */
async function noticeDeadlocks(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET deadlock_timeout = '200ms'`);
  await client.end();
}
