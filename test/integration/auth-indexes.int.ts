import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuthRequestRepository } from '../../src/auth/auth-request.repository.js';
import type { ClaimedRequest } from '../../src/auth/auth-request.types.js';
import { MemberRepository } from '../../src/auth/member.repository.js';
import { SessionRepository } from '../../src/auth/session.repository.js';
import { UserRepository } from '../../src/auth/user.repository.js';
import { ErasureRepository } from '../../src/privacy/erasure.repository.js';
import { ExportRepository } from '../../src/privacy/export.repository.js';
import { createDatabase } from '../support/database.js';

// Every repository method names its index; here Postgres is asked whether it can use it.

/** Stands where the repositories expect the database or a transaction: explains what it is asked instead of doing it. */
class Explainer {
  plan = '';

  constructor(private readonly client: pg.Client) {}

  async query(sql: string, parameters: unknown[] = []): Promise<never[]> {
    const { rows } = await this.client.query(`EXPLAIN ${sql}`, parameters);
    this.plan += rows.map((row) => `${row['QUERY PLAN']}\n`).join('');
    return [];
  }

  queryPrepared(_: string, sql: string, parameters: unknown[]): Promise<never[]> {
    return this.query(sql, parameters);
  }
}

let client: pg.Client;

beforeAll(async () => {
  client = new pg.Client({ connectionString: await createDatabase() });
  await client.connect();
  // Tables of a test are so small that reading them whole is best; asked is which index fits.
  await client.query('SET enable_seqscan = off');
});
afterAll(() => client?.end());

const id = randomUUID();
const hash = 'ab'.repeat(32);
const config = { memberIdleMs: 1, guestIdleMs: 1, maxAgeMs: 1 } as never;
const claimed = { id, emailDigest: 'x', registrationId: id } as ClaimedRequest;

type Case = [string, string, (on: never) => Promise<unknown>];

const sessions = (on: never) => new SessionRepository(on, config);
const users = (on: never) => new UserRepository(on);
const members = (on: never) => new MemberRepository(on);
const requests = (on: never) => new AuthRequestRepository(on);
const erasures = (on: never) => new ErasureRepository(on);
const exports = (on: never) => new ExportRepository(on);

const cases: Case[] = [
  ['sessions.findByTokenHashes', 'sessions_token_hash_key', (on) => sessions(on).findByTokenHashes([hash])],
  ['sessions.listOf', 'sessions_user_id_idx', (on) => sessions(on).listOf(id)],
  ['sessions.touch', 'sessions_pkey', (on) => sessions(on).touch([id])],
  ['sessions.findDead', 'sessions_pkey', (on) => sessions(on).findDead([id])],
  ['sessions.deleteOwn', 'sessions_pkey', (on) => sessions(on).deleteOwn(on, id, id)],
  ['sessions.delete', 'sessions_pkey', (on) => sessions(on).delete(on, id)],
  ['sessions.deleteAllOf', 'sessions_user_id_idx', (on) => sessions(on).deleteAllOf(on, id)],
  ['users.findByIds', 'users_pkey', (on) => users(on).findByIds([id])],
  ['users.lock', 'users_pkey', (on) => users(on).lock(on, id)],
  ['members.findByEmail', 'users_email_norm_key', (on) => members(on).findByEmail('a@b.example')],
  ['members.findForSignIn: users', 'users_email_norm_key', (on) => members(on).findForSignIn('a@b.example', 'x')],
  ['members.findForSignIn: outbox', 'auth_requests_email_digest_idx', (on) => members(on).findForSignIn('a', 'x')],
  ['members.findById', 'users_pkey', (on) => members(on).findById(id)],
  ['members.replaceHash', 'users_pkey', (on) => members(on).replaceHash(id, 'a', 'b')],
  ['requests.claimNotice', 'auth_requests_email_digest_idx', (on) => requests(on).claimNotice(on, claimed, 'x')],
  [
    'requests.countFailedSignIns',
    'auth_requests_email_digest_idx',
    (on) => requests(on).countFailedSignIns(on, claimed),
  ],
  ['requests.renewRegistration', 'auth_requests_email_digest_idx', (on) => requests(on).renewRegistration(on, claimed)],
  ['requests.useToken', 'auth_requests_token_hash_key', (on) => requests(on).useToken(on, 'registration', hash)],
  ['requests.takeForgotten', 'auth_requests_unhandled_idx', (on) => requests(on).takeForgotten()],
  ['erasures.findUser', 'erasures_pkey', (on) => erasures(on).findUser(id)],
  ['erasures.takeForgotten', 'erasures_user_id_key', (on) => erasures(on).takeForgotten()],
  ['exports.findNewest', 'exports_user_id_idx', (on) => exports(on).findNewest(id)],
  ['exports.take', 'exports_token_hash_key', (on) => exports(on).take(on, id, hash)],
  ['exports.collect: sessions', 'sessions_user_id_idx', (on) => exports(on).collect(id)],
  ['exports.collect: conversations', 'conversation_members_user_id_idx', (on) => exports(on).collect(id)],
];

describe('a repository method uses the index that it names', () => {
  it.each(cases)('%s: %s', async (_, index, ask) => {
    const explainer = new Explainer(client);
    await ask(explainer as never);
    expect(explainer.plan).toContain(index);
  });
});
