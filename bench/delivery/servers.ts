import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, openSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { ALLOCATOR } from '../../scripts/allocator.mjs';
import { freePort } from '../../scripts/services/server.mjs';
import { changedBuild, removeBuild } from '../../test/support/changed-build.js';
import { cpuMs, parentOf } from './cpu.js';
import { connectSocketIo } from './socket-io-talker.js';
import type { Connect, Pair, Seat } from './talker.js';

const ORIGIN = 'http://bench.test';
export const FOLDER = '.artifacts/bench';

/** What is measured: its server processes, and clients in pairs. */
export interface Contender {
  name: string;
  processes: ChildProcess[];
  pairs: (count: number) => Promise<Pair[]>;
  connect: Connect;
  /** Share of the messages that must have reached the partner. */
  leastDelivered: number;
  /** Where people sign in: one more process, which is not measured, so that their memory is not left in those that are. */
  openDesk?: () => Promise<{ url: string; stop: () => void }>;
  stop: () => void;
}

/** Server CPU so far (ms). */
export const serverCpuMs = ({ processes }: Contender): number =>
  processes.reduce((sum, { pid }) => sum + cpuMs(pid ?? 0), 0);

/** A server of Node's, all with one allocator; ready when it answers on `port`. Its output goes to a file of its name in FOLDER. */
export async function launch(
  name: string,
  args: string[],
  env: Record<string, string>,
  port?: number,
): Promise<ChildProcess> {
  mkdirSync(FOLDER, { recursive: true });
  const log = openSync(`${FOLDER}/${name.replaceAll(/\W+/g, '-')}.log`, 'w');
  const child = spawn(process.execPath, [...(process.env['BENCH_NODE_ARGS']?.split(' ') ?? []), ...args], {
    env: { PATH: process.env['PATH'], ...ALLOCATOR, ...env },
    stdio: ['ignore', log, log],
  });
  if (port === undefined) return child;
  const path = env['PORT'] ? '/health/ready' : '/';
  for (let i = 0; i < 600; i += 1) {
    if (child.exitCode !== null) break;
    const answer = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined);
    if (answer && (answer.ok || !env['PORT'])) return child;
    await sleep(100);
  }
  child.kill('SIGKILL');
  throw new Error(`${name} did not start: see ${FOLDER}`);
}

export const stopAll = (processes: ChildProcess[]) => () => {
  for (const child of processes) child.kill('SIGKILL');
};

/** Pairs for the servers without identities; the second member is on the last process. */
export function plainPairs(urls: string[], count: number): Pair[] {
  const seat = (url: string, own: string, partner: string): Seat => ({
    url,
    auth: { own, partner },
    headers: {},
    conversationId: own,
  });
  return Array.from({ length: count }, (_, i) => [
    seat(urls[0] ?? '', `a${i}`, `b${i}`),
    seat(urls.at(-1) ?? '', `b${i}`, `a${i}`),
  ]);
}

/** A server of this folder; with `redisUrl` two of it, behind the classic adapter. */
export async function startPlain(name: string, script: string, redisUrl?: string): Promise<Contender> {
  const ports = await Promise.all((redisUrl ? [0, 1] : [0]).map(freePort));
  const processes = await Promise.all(
    ports.map((port, i) =>
      launch(`${name} ${i}`, [`bench/delivery/${script}`, `${port}`, ...(redisUrl ? [redisUrl] : [])], {}, port),
    ),
  );
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);
  const pairs = (count: number): Promise<Pair[]> => Promise.resolve(plainPairs(urls, count));
  return { name, processes, pairs, connect: connectSocketIo, leastDelivered: 1, stop: stopAll(processes) };
}

interface StoaOptions {
  name: string;
  databaseUrl: string;
  redisUrl: string;
  apis: number;
  /** The relay alone: everything but the storing. */
  withoutStore?: boolean;
  /** Of the environment, instead of the bench's own. */
  settings?: Record<string, string>;
  /** What each visitor sends with every request. */
  visitorHeaders?: () => Record<string, string>;
}

/** Stoa's api processes as they are built; people and conversations are made for it beforehand. */
export async function startStoa(options: StoaOptions): Promise<Contender> {
  const { name, databaseUrl, redisUrl, apis } = options;
  const dist = options.withoutStore ? buildWithoutStore(apis) : 'dist';
  const secretKeys = `bench:${randomBytes(32).toString('base64url')}`;
  const ports = await Promise.all(Array.from({ length: apis }, freePort));
  const launchApi = (port: number, label: string): Promise<ChildProcess> => {
    const env = {
      PORT: `${port}`,
      NODE_ENV: 'development',
      RATE_LIMITS: 'off',
      LOG_LEVEL: 'error',
      PUBLIC_ORIGIN: ORIGIN,
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl,
      SECRET_KEYS: secretKeys,
      MAIL_DIR: `${FOLDER}/mail`,
      ...options.settings,
    };
    return launch(`${name} ${label}`, [`${dist}/main.js`], env, port);
  };
  const processes = await Promise.all(ports.map((port, i) => launchApi(port, `${i}`)));
  const openDesk = async (): Promise<{ url: string; stop: () => void }> => {
    const port = await freePort();
    return { url: `http://127.0.0.1:${port}`, stop: stopAll([await launchApi(port, 'desk')]) };
  };
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);
  // Hints between processes are best effort, and without a store there is nothing to heal a lost one from.
  const leastDelivered = options.withoutStore && apis > 1 ? 0.9 : 1;
  const pairs = (count: number): Promise<Pair[]> => stoaPairs(urls, databaseUrl, count, options.visitorHeaders);
  const stop = (): void => {
    stopAll(processes)();
    if (options.withoutStore) removeBuild(dist);
  };
  return { name, processes, pairs, connect: connectSocketIo, leastDelivered, openDesk, stop };
}

/** The build with its one write replaced by counting: what the way of a message costs without Postgres. */
function buildWithoutStore(apis: number): string {
  const counting = `const seqs = (this.seqs ??= new Map());
        const rows = ((..._) => items.map(({ conversationId: id }) => {
            const seq = (seqs.get(id) ?? 0) + 1;
            seqs.set(id, seq);
            return { outcome: 'stored', seq, sent_at: Date.now() };
        }))('',`;
  const from = `const rows = await this.database.queryPrepared('chat_append',`;
  return changedBuild(`bench${apis}`, { file: 'chat/message.repository.js', from, to: counting });
}

interface Guest {
  userId: string;
  /** With the cookie. */
  headers: Record<string, string>;
  csrfToken: string;
}

async function makeGuest(url: string, own: Record<string, string>): Promise<Guest> {
  const csrf = await fetch(`${url}/api/v1/csrf`, { headers: own });
  const { csrfToken } = (await csrf.json()) as { csrfToken: string };
  const response = await fetch(`${url}/api/v1/guests`, {
    method: 'POST',
    headers: {
      ...own,
      'content-type': 'application/json',
      'x-csrf-token': csrfToken,
      origin: ORIGIN,
      cookie: cookieOf(csrf),
    },
    body: JSON.stringify({ adult: true, ageBand: '25-34', languages: ['en'], interests: [] }),
  });
  const me = (await response.json()) as { user: { id: string }; csrfToken: string };
  const headers = { ...own, cookie: cookieOf(response), origin: ORIGIN };
  return { userId: me.user.id, headers, csrfToken: me.csrfToken };
}

const cookieOf = (response: Response): string => response.headers.getSetCookie()[0]?.split(';')[0] ?? '';

/** Guests by the front door, eight at a time. */
async function makeGuests(
  url: string,
  count: number,
  visitorHeaders: StoaOptions['visitorHeaders'] = () => ({}),
): Promise<Guest[]> {
  const guests: Guest[] = [];
  while (guests.length < count) {
    const group = Array.from({ length: Math.min(8, count - guests.length) }, () => makeGuest(url, visitorHeaders()));
    guests.push(...(await Promise.all(group)));
  }
  return guests;
}

const seatOf = (url: string, { headers, csrfToken }: Guest, conversationId: string): Seat => ({
  url,
  auth: { csrfToken },
  headers,
  conversationId,
});

/** Guests in open conversations; the second of each pair sits on the last process. */
async function stoaPairs(
  urls: string[],
  databaseUrl: string,
  count: number,
  visitorHeaders: StoaOptions['visitorHeaders'],
): Promise<Pair[]> {
  const [first = '', last = first] = [urls[0], urls.at(-1)];
  const guests = await makeGuests(first, count * 2, visitorHeaders);
  const [ones, others] = [guests.slice(0, count), guests.slice(count)];
  const handles = guests.map(() => randomBytes(16).toString('base64url'));
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query('SELECT open_conversations($1, $2, $3, $4, $5)', [
    ones.map((guest) => guest.userId),
    others.map((guest) => guest.userId),
    handles.slice(0, count),
    handles.slice(count),
    JSON.stringify(ones.map(() => [])),
  ]);
  await client.end();
  return ones.map((one, i) => [
    seatOf(first, one, handles[i] ?? ''),
    seatOf(last, others[i] as Guest, handles[count + i] ?? ''),
  ]);
}

/** Seats of people who only sit there, signed in where the server knows that. */
export async function idleSeats(contender: Contender, count: number): Promise<Seat[]> {
  if (!contender.openDesk) return (await contender.pairs(count / 2)).flat();
  const [sample] = await contender.pairs(1);
  const url = sample?.[0].url ?? '';
  const desk = await contender.openDesk();
  try {
    return (await makeGuests(desk.url, count)).map((guest) => seatOf(url, guest, ''));
  } finally {
    desk.stop();
  }
}

/** The parent of all processes of the Postgres behind `url`. */
export async function postmasterOf(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const postmaster = parentOf(rows[0]?.pid ?? 0);
  await client.end();
  if (postmaster === 0) throw new Error('Postgres is not on this machine');
  return postmaster;
}
