import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import pg from 'pg';
import { startRedis } from '../../scripts/services/redis.mjs';
import { freePort } from '../../scripts/services/server.mjs';
import { createDatabase } from '../support/database.js';
import { LOGS, Member, ORIGIN } from '../support/deployment.js';
import { REMOTE_CONTROL, controlFile } from '../support/remote-control.js';
import { brief } from './bot-memory.js';
import { Counters } from './counters.js';
import { prepareFullDisk } from './full-disk.js';
import { conversationKey } from './history.js';
import { changedBuild, removeBuild } from '../support/changed-build.js';
import { NEXT_VERSION } from './next-version.js';
import type { StoredConversation } from './history.js';
import type { Target } from './bot-account.js';
import { TcpProxy } from './tcp-proxy.js';

/** What a process never writes when all is well, whatever fails around it. */
const COMPLAINTS =
  /unhandled|uncaught|"code":"INTERNAL"|event\.handler_failed|channel\.listener_failed|process\.shutdown_failed|job\.dead/i;

interface DeploymentOptions {
  apis?: number;
  workers?: number;
  /** Folder of the build; a mutant has its own. */
  dist?: string;
}

/** Real processes behind networks that can fail: bots → api, processes → Postgres, processes → Redis. */
export class FaultDeployment {
  /** Exits that nobody ordered. */
  private readonly deaths: string[] = [];
  /** Folder of the other version, once it was needed. */
  private nextDist: string | undefined;

  private constructor(
    readonly apis: Member[],
    readonly workers: Member[],
    /** One before each api. */
    readonly doors: TcpProxy[],
    readonly toPostgres: TcpProxy,
    readonly toRedis: TcpProxy,
    readonly postgres: pg.Pool,
    public redis: Redis,
    private redisServer: Awaited<ReturnType<typeof startRedis>>,
    private readonly dist: string,
  ) {}

  static async start({ apis = 2, workers = 2, dist = 'dist' }: DeploymentOptions = {}): Promise<FaultDeployment> {
    const databaseUrl = await createDatabase();
    await prepareDatabase(databaseUrl);
    const redisServer = await startRedis({ fresh: true });
    const toPostgres = await TcpProxy.before(new URL(databaseUrl));
    const toRedis = await TcpProxy.before(new URL(redisServer.url));
    const common = {
      NODE_ENV: 'test',
      ...REMOTE_CONTROL,
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
    const make = async (role: string, i: number, entry: string, extra = {}) => {
      const name = `faults-${run}-${role}${i}`;
      const ports = { METRICS_PORT: String(await freePort()), ...extra };
      return new Member(name, `${dist}/${entry}`, { ...common, ...ports, CONTROL_FILE: controlFile(name) });
    };
    const apiMembers = await Promise.all(
      Array.from({ length: apis }, async (_, i) => make('api', i, 'main.js', { PORT: String(await freePort()) })),
    );
    const workerMembers = await Promise.all(Array.from({ length: workers }, (_, i) => make('worker', i, 'worker.js')));
    const doors = await Promise.all(apiMembers.map((api) => TcpProxy.before(new URL(api.url))));
    const postgres = new pg.Pool({ connectionString: databaseUrl, max: 2 });
    postgres.on('error', () => undefined);
    const deployment = new FaultDeployment(
      apiMembers,
      workerMembers,
      doors,
      toPostgres,
      toRedis,
      postgres,
      connectTo(redisServer.url),
      redisServer,
      dist,
    );
    await Promise.all([...workerMembers, ...apiMembers].map((member) => member.start()));
    return deployment;
  }

  get target(): Target {
    return { urls: this.apis.map((api, i) => this.doors[i]?.urlFor(api.url) ?? ''), origin: ORIGIN };
  }

  get members(): Member[] {
    return [...this.apis, ...this.workers];
  }

  /** Ends a process by a signal; if it had ended before, that is noted. `ended` is called in between. */
  async bounce(member: Member, signal: 'SIGKILL' | 'SIGTERM', ended?: () => void): Promise<void> {
    this.noteDeath(member);
    await member.stop(signal);
    ended?.();
    await member.start();
  }

  /** Replaces an api process by one of the other version, as a roll-out does. `ended` is called in between. */
  async rollOut(index: number, ended?: () => void): Promise<void> {
    const old = this.apis[index];
    if (!old) throw new Error(`no api process ${index}`);
    this.nextDist ??= changedBuild('next', NEXT_VERSION, this.dist);
    const dist = old.entry.startsWith(`${this.nextDist}/`) ? this.dist : this.nextDist;
    this.noteDeath(old);
    await old.stop('SIGTERM');
    ended?.();
    const next = new Member(old.name, `${dist}/main.js`, old.env);
    this.apis[index] = next;
    await next.start();
  }

  /** Redis ends and another starts, empty, behind the same address. */
  async restartRedis(): Promise<void> {
    this.toRedis.set('refuse');
    this.redis.disconnect();
    await this.redisServer.stop();
    this.redisServer = await startRedis({ fresh: true });
    this.redis = connectTo(this.redisServer.url);
    this.toRedis.retarget(Number(new URL(this.redisServer.url).port));
    this.toRedis.set('pass');
  }

  /** Redis stands still while `work` runs. */
  async whileRedisStands(work: () => Promise<unknown>): Promise<void> {
    const info = await this.redis.info('server');
    const pid = Number(/process_id:(\d+)/.exec(info)?.[1]);
    process.kill(pid, 'SIGSTOP');
    try {
      await work();
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  }

  /** The metrics of all processes that answer. */
  async counters(): Promise<Counters> {
    const texts = await Promise.all(
      this.members.map(async (member): Promise<[number, string]> => {
        const signal = AbortSignal.timeout(2_000);
        const answer = await fetch(`${member.operatorUrl}/metrics`, { signal }).catch(() => undefined);
        return [member.pid, (await answer?.text().catch(() => '')) ?? ''];
      }),
    );
    return new Counters(new Map(texts.filter(([, text]) => text !== '')));
  }

  /** Starts again what has ended by itself, and notes it. */
  async revive(): Promise<void> {
    for (const member of this.members)
      if (!member.isRunning) {
        this.noteDeath(member);
        await member.start();
      }
  }

  private noteDeath(member: Member): void {
    if (!member.isRunning) this.deaths.push(`${member.name} ended by itself`);
  }

  /** Complaints in the logs, exits that nobody ordered, deadlocks. */
  async incidents(): Promise<string[]> {
    const complaints = this.members.flatMap(({ name }) =>
      readFileSync(`${LOGS}/${name}.log`, 'utf8')
        .split('\n')
        .filter((line) => COMPLAINTS.test(line))
        .map((line) => `${name}: ${line.slice(0, 300)}`),
    );
    for (const member of this.members) this.noteDeath(member);
    const { rows } = await this.postgres.query(
      'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()',
    );
    const deadlocks = rows[0].deadlocks > 0 ? [`${rows[0].deadlocks} deadlocks in Postgres`] : [];
    return [...complaints, ...this.deaths, ...deadlocks];
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
          text: brief(text),
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
    await this.redisServer.stop();
    if (this.nextDist) removeBuild(this.nextDist);
  }
}

function connectTo(url: string): Redis {
  const redis = new Redis(url);
  redis.on('error', () => undefined);
  return redis;
}

/** A deadlock is to be seen as one, before the time-out of a lock ends it; and the disk can be full. */
async function prepareDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET deadlock_timeout = '200ms'`);
  await prepareFullDisk(client);
  await client.end();
}
