import { randomUUID } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { SERVER_EVENTS } from '../../src/contracts/socket-events.js';
import type { Ack } from '../../src/contracts/socket-events.js';
import { MessagePage, SentMessage, State } from '../../src/contracts/state.dto.js';
import { compileDto } from '../../src/platform/validation/compile-dto.js';
import { deploy } from '../support/deployment.js';
import type { Deployment } from '../support/deployment.js';
import { Person } from '../support/person.js';
import type { HttpAnswer } from '../support/person.js';

// What a partner may ever see (protocol, section 4): an allow-list of keys on everything that is sent, and a search for everything that
// marks one person in all that the other received.

const GRACE_MS = 2_000;
/** From here conversations are counted, so that no other number looks like one. */
const FIRST_CONVERSATION = 730_551_823_460_001;
let deployment: Deployment;
let database: pg.Client;
let urls: [string, string];

beforeAll(async () => {
  deployment = await deploy({
    env: { TRUST_PROXY: '127.0.0.1', RECONNECT_GRACE_MS: String(GRACE_MS), REMATCH_AVOID_SECONDS: '3600' },
  });
  urls = deployment.apis.map((api) => api.url) as [string, string];
  database = new pg.Client({ connectionString: deployment.databaseUrl });
  await database.connect();
  await database.query(`ALTER TABLE conversations ALTER COLUMN id RESTART WITH ${FIRST_CONVERSATION}`);
});
afterAll(async () => {
  await database?.end();
  await deployment?.stop();
});

/** What a mail of that kind to that address has in the place of the pattern's group. */
function mailed(email: string, kind: string, pattern: RegExp): Promise<string> {
  const find = (): string => {
    const file = readdirSync(deployment.mailDir).find((name) => name.includes(` ${kind} ${email} `));
    const [, value = ''] = pattern.exec(readFileSync(join(deployment.mailDir, file ?? 'none'), 'utf8')) ?? [];
    expect(value).not.toBe('');
    return value;
  };
  return vi.waitFor(find, { timeout: 10_000, interval: 50 });
}

const ACK_DATA = new Map<string, abstract new () => object>(
  Object.entries({
    'session:state': State,
    'search:start': State,
    'conversation:leave': State,
    'message:send': SentMessage,
    'conversation:sync': MessagePage,
  }),
);

/** A person who keeps every byte that the server says, and everything that marks them. */
class Witness extends Person {
  /** What came, as text: packets, bodies, headers. */
  readonly seen: string[] = [];
  /** Values that nobody else may ever see. */
  readonly marks = new Set<string>();
  /** Values by which the database knows them and what is theirs: nobody may ever see them, they neither. */
  readonly rowIds = new Set<string>();
  email = '';

  constructor(url: string, address: string) {
    const agent = `Agent-${randomUUID()}`;
    super(url, { 'user-agent': agent, 'x-forwarded-for': address });
    this.mark(agent, address);
  }

  mark(...values: string[]): void {
    for (const value of values) this.marks.add(value);
  }

  override async http(...request: Parameters<Person['http']>): Promise<HttpAnswer> {
    const answer = await super.http(...request);
    this.seen.push(answer.text, JSON.stringify([...answer.headers]));
    const token = this.cookie.split('=')[1];
    // After signing out the cookie is empty.
    if (token) this.mark(token, this.csrfToken);
    return answer;
  }

  override async connect(url = this.url): Promise<State> {
    const connecting = super.connect(url);
    const { socket } = this;
    socket?.io.on('packet' as never, ((packet: object) => this.seen.push(JSON.stringify(packet))) as never);
    const state = await connecting;
    this.mark(socket?.id ?? '', state.user.id);
    return state;
  }

  override async try(event: string, ...args: unknown[]): Promise<Ack<unknown>> {
    const answer = await super.try(event, ...args);
    const dto = ACK_DATA.get(event);
    if (answer.ok && dto) expect({ event, faults: compileDto(dto)(answer.data) }).toEqual({ event, faults: undefined });
    return answer;
  }

  /** From guest to member; a session, a cookie and a CSRF token of before are marks, too. */
  async becomeMember(): Promise<void> {
    const [email, password] = [`mark-${randomUUID()}@example.com`, 'correct horse battery staple'];
    this.mark(email, email.split('@')[0] ?? '');
    await this.http('POST', '/registrations', { email, password });
    const token = await mailed(email, 'confirm-registration', /#token=([\w-]+)/);
    this.mark(token);
    expect((await this.http('POST', '/registrations/confirm', { token })).body.user.email).toBe(email);
    this.email = email;
  }

  /** Everything that is stored about them and what is theirs. */
  async fetchArchive(): Promise<void> {
    await this.http('POST', '/me/export');
    const linked = async (): Promise<string> => {
      const { link } = (await this.http('GET', '/me/export')).body;
      expect(link).toBeDefined();
      return link.split('/').at(-1);
    };
    const token = await (this.email
      ? mailed(this.email, 'export', /\/me\/export\/([\w-]+)/)
      : vi.waitFor(linked, { timeout: 10_000, interval: 100 }));
    this.mark(token);
    const archive = await this.http('GET', `/me/export/${token}`);
    expect([archive.status, archive.body.conversations.length]).toEqual([200, 1]);
  }

  /** Marks what the database knows of them. Messages have no id of their own: their key is the conversation's and the seq. */
  async markRows(): Promise<void> {
    const { rows } = await database.query<{ own: string[]; hidden: string[] }>(
      `SELECT array_remove(ARRAY[u.id::text, u.email] || (SELECT array_agg(id::text) FROM sessions WHERE user_id = u.id), NULL) AS own,
              ARRAY[u.audit_id::text]
                || ARRAY(SELECT conversation_id::text FROM conversation_members WHERE user_id = u.id)
                || ARRAY(SELECT m.conversation_id || '.' || m.seq FROM messages m JOIN conversation_members USING (conversation_id) WHERE user_id = u.id)
                || ARRAY(SELECT encode(text_hash, 'hex') FROM messages m JOIN conversation_members USING (conversation_id) WHERE user_id = u.id)
                || ARRAY(SELECT id::text FROM exports WHERE user_id = u.id)
                || ARRAY(SELECT id::text FROM reports WHERE u.id IN (reporter_id, reported_id)) AS hidden
         FROM users u WHERE id = $1`,
      [this.userId],
    );
    const [{ own, hidden } = { own: [], hidden: [] }] = rows;
    expect(hidden.length).toBeGreaterThan(7);
    expect(hidden).toContainEqual(expect.stringMatching(/^7305518234\d{5}$/));
    this.mark(...own);
    for (const id of hidden) this.rowIds.add(id);
  }

  async meetStranger(): Promise<string> {
    const from = this.received.length;
    await this.ask('search:start', {});
    const { id } = await this.next('conversation:started', { from });
    this.mark(id);
    return id;
  }

  async sayMarked(conversationId: string, text: string): Promise<void> {
    const clientId = randomUUID();
    this.mark(clientId);
    await this.say(conversationId, text, clientId);
  }
}

interface Pair {
  ada: Witness;
  bob: Witness;
  adas: string;
  bobs: string;
}

async function aPair(): Promise<Pair> {
  const profile = { nickname: 'Someone', interests: [randomUUID().slice(0, 8)] };
  const [ada, bob] = await Promise.all([
    new Witness(urls[0], '198.51.100.77').becomeGuest({ ...profile, seeks: { ageBands: ['25-34', '35-44'] } }),
    new Witness(urls[1], '203.0.113.99').becomeGuest(profile),
  ]);
  await ada.becomeMember();
  for (const person of [ada, bob]) {
    const { sessions } = (await person.http('GET', '/sessions')).body;
    person.mark(sessions[0].id);
    await person.connect();
  }
  const [adas, bobs] = await Promise.all([ada.meetStranger(), bob.meetStranger()]);
  return { ada, bob, adas, bobs };
}

/** Everything that can happen while two talk. */
async function live({ ada, bob, adas, bobs }: Pair): Promise<void> {
  await ada.sayMarked(adas, 'one');
  await bob.sayMarked(bobs, 'two');
  await Promise.all([bob.next('message:new'), ada.next('message:new')]);
  await bob.ask('message:seen', { conversationId: bobs, seq: 1 });
  await ada.ask('typing:set', { conversationId: adas, typing: true });
  await Promise.all([ada.next('message:seen'), bob.next('typing:changed')]);
  ada.disconnect();
  await bob.next('partner:presence');
  await bob.sayMarked(bobs, 'while you were away');
  await ada.connect(urls[1]);
  await ada.connect(urls[0]);
  await ada.next('session:superseded');
  await ada.ask('conversation:sync', { conversationId: adas, after: 0 });
  await bob.http('GET', `/conversations/${bobs}/messages`);
  await bob.ask('session:state', {});
  await bob.http('POST', `/conversations/${bobs}/reports`, { reason: 'spam', note: 'a note', seqs: [1] });
  await ada.fetchArchive();
  for (const person of [ada, bob]) await person.markRows();
}

const ENDS: Record<string, (pair: Pair) => Promise<unknown>> = {
  leaving: async ({ ada, adas }) => {
    await ada.ask('conversation:leave', { conversationId: adas, next: true });
    await ada.ask('search:cancel', {});
  },
  blocking: ({ ada, adas }) => ada.http('POST', `/conversations/${adas}/block`),
  'losing the connection': async ({ ada }) => ada.disconnect(),
  'signing out': ({ ada }) => ada.http('DELETE', '/sessions/current'),
  erasure: ({ ada }) => ada.http('DELETE', '/me'),
};

describe('nothing of one person reaches the other', () => {
  it.each(Object.keys(ENDS))('through a whole life that ends by %s', async (end) => {
    const pair = await aPair();
    const { ada, bob, adas, bobs } = pair;
    await live(pair);
    await ENDS[end]?.(pair);
    const ended = await bob.next('conversation:ended', { ms: 15_000 });
    expect(ended).toEqual({ conversationId: bobs, reason: expect.stringMatching(/^(partner_left|ended)$/) });
    expect((await bob.try('conversation:rate', { conversationId: bobs, good: true })).ok).toBe(true);
    await bob.http('GET', `/conversations/${bobs}/messages`);
    await bob.http('POST', `/conversations/${bobs}/block`);
    const { blocks } = (await bob.http('GET', '/blocks')).body;
    bob.mark(...blocks.map((block: { id: string }) => block.id));
    await bob.http('GET', '/me');
    await bob.fetchArchive();
    const { rows: mine } = await database.query<{ id: string }>('SELECT id FROM blocks WHERE blocked_id = $1', [
      bob.userId,
    ]);
    ada.mark(...mine.map(({ id }) => id));
    await sleep(100);
    expect(adas).not.toBe(bobs);
    for (const [one, other] of [
      [ada, bob],
      [bob, ada],
    ] as const) {
      expect(one.marks.size).toBeGreaterThan(9);
      const all = other.seen.join('\n');
      expect([...one.marks].filter((mark) => all.includes(mark))).toEqual([]);
      expect([...ada.rowIds, ...bob.rowIds].filter((id) => all.includes(id))).toEqual([]);
      for (const { event, payload } of one.received)
        expect({ event, payload, faults: compileDto(SERVER_EVENTS[event])(payload) }).toEqual({
          event,
          payload,
          faults: undefined,
        });
      // To the second: a finer time tells when the other did what.
      const times = /"(?:startedAt|endedAt|sentAt|idleEndsAt|graceEndsAt)\\?":\\?"([^"\\]+)/g;
      for (const [, time = ''] of all.matchAll(times)) expect(time).toMatch(/:\d\d(\.000)?(Z|\+00:00)$/);
      one.disconnect();
    }
  });

  it('is seen by a search that looks: the same search finds what is the person’s own', async () => {
    const { ada } = await aPair();
    const all = ada.seen.join('\n');
    for (const mark of [ada.userId, ada.email, ada.csrfToken, ada.socket?.id ?? '?']) expect(all).toContain(mark);
    const payload = { conversationId: 'x', seq: 1, from: 'partner', text: 'a', sentAt: '2026-01-01T00:00:00Z' };
    expect(compileDto(SERVER_EVENTS['message:new'])(payload)).toBeUndefined();
    expect(compileDto(SERVER_EVENTS['message:new'])({ ...payload, userId: 'u' })).toHaveLength(1);
    ada.disconnect();
  });
});
