import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Pair, Seat } from '../delivery/load.js';
import { freePort } from '../../scripts/services/server.mjs';

const ORIGIN = 'http://bench.test';
const FOLDER = '.artifacts/bench';

/** An api process whose visitors all come from addresses of their own. */
export interface Server {
  url: string;
  pid: number;
  stop: () => void;
}

export async function startServer(rateLimits: 'on' | 'off', stores: Record<string, string>): Promise<Server> {
  mkdirSync(FOLDER, { recursive: true });
  const log = openSync(`${FOLDER}/limits-${rateLimits}.log`, 'w');
  const port = await freePort();
  const env = {
    PATH: process.env['PATH'],
    PORT: `${port}`,
    NODE_ENV: 'development',
    RATE_LIMITS: rateLimits,
    TRUST_PROXY: '127.0.0.1',
    LOG_LEVEL: 'error',
    PUBLIC_ORIGIN: ORIGIN,
    SECRET_KEYS: `bench:${randomBytes(32).toString('base64url')}`,
    MAIL_DIR: `${FOLDER}/mail`,
    ...stores,
  };
  const child = spawn(process.execPath, ['dist/main.js'], { env, stdio: ['ignore', log, log] });
  const url = `http://127.0.0.1:${port}`;
  for (let i = 0; i < 600 && child.exitCode === null; i += 1) {
    const answer = await fetch(`${url}/health/ready`).catch(() => undefined);
    if (answer?.ok) return { url, pid: child.pid ?? 0, stop: () => void child.kill('SIGKILL') };
    await sleep(100);
  }
  child.kill('SIGKILL');
  throw new Error(`limits ${rateLimits} did not start: see ${FOLDER}`);
}

interface Guest {
  userId: string;
  seat: Seat;
}

/** IPv6 limits go by /64. */
const anAddress = (): string => `2001:db8:${randomUUID().slice(0, 4)}:${randomUUID().slice(0, 4)}::1`;

const cookieOf = (response: Response): string => response.headers.getSetCookie()[0]?.split(';')[0] ?? '';

async function makeGuest(url: string): Promise<Guest> {
  const headers = { 'x-forwarded-for': anAddress(), origin: ORIGIN };
  const csrf = await fetch(`${url}/api/v1/csrf`, { headers });
  const { csrfToken } = (await csrf.json()) as { csrfToken: string };
  const response = await fetch(`${url}/api/v1/guests`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json', 'x-csrf-token': csrfToken, cookie: cookieOf(csrf) },
    body: JSON.stringify({ adult: true, ageBand: '25-34', languages: ['en'], interests: [] }),
  });
  const me = (await response.json()) as { user: { id: string }; csrfToken: string };
  const handle = randomBytes(16).toString('base64url');
  const seat = {
    url,
    auth: { csrfToken: me.csrfToken },
    headers: { ...headers, cookie: cookieOf(response) },
    conversationId: handle,
  };
  return { userId: me.user.id, seat };
}

/** Guests by the front door, in conversations that are opened for them. */
export async function makePairs(url: string, databaseUrl: string, count: number): Promise<Pair[]> {
  const guests: Guest[] = [];
  while (guests.length < 2 * count)
    guests.push(...(await Promise.all(Array.from({ length: 8 }, () => makeGuest(url)))));
  const [ones, others] = [guests.slice(0, count), guests.slice(count, 2 * count)];
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query('SELECT open_conversations($1, $2, $3, $4, $5)', [
    ones.map(({ userId }) => userId),
    others.map(({ userId }) => userId),
    ones.map(({ seat }) => seat.conversationId),
    others.map(({ seat }) => seat.conversationId),
    JSON.stringify(ones.map(() => [])),
  ]);
  await client.end();
  return ones.map((one, i) => [one.seat, (others[i] as Guest).seat]);
}
