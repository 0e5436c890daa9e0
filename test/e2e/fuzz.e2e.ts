import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../src/contracts/error-codes.js';
import type { ErrorCode } from '../../src/contracts/error-codes.js';
import { CLIENT_EVENTS } from '../../src/contracts/socket-events.js';
import type { Ack, ClientEvent } from '../../src/contracts/socket-events.js';
import { Random } from '../faults/random.js';
import { deploy } from '../support/deployment.js';
import type { Deployment, Member } from '../support/deployment.js';
import { Person, meet } from '../support/person.js';
import { faultsIn, residentMiB } from '../support/process-facts.js';
import { RawSocket } from '../support/raw-socket.js';

// Seeded and bounded: the same inputs every time, or those of FUZZ_SEED. The process lives, logs no fault of its own and keeps its memory.

const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_124);
/** MiB; what a heap may breathe */
const MAX_GROWTH = 60;

let deployment: Deployment;
let api: Member;

beforeAll(async () => {
  deployment = await deploy({ apis: 1 });
  [api] = deployment.apis as [Member];
});
afterAll(() => deployment?.stop());

/** Alive and well: the next two can meet and talk, and nothing in the log says otherwise. */
afterEach(async () => {
  expect(api.isRunning).toBe(true);
  const { ada, bob, adas } = await meet([api.url]);
  expect((await ada.say(adas, 'still here')).seq).toBe(1);
  for (const person of [ada, bob]) person.disconnect();
  expect(faultsIn(api)).toEqual([]);
});

const CANARY = 'canary-5f3a';
const KEYS = ['conversationId', 'clientId', 'text', 'seq', 'after', 'limit', 'typing', 'next', 'good', 'seeks'];
const ODD_KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'length',
  '',
  'a.b',
  '\u0000',
  'user_id',
  'from',
];
const ODD_TEXTS = [
  '',
  ' ',
  '\u0000',
  '\ud800',
  '\u202e',
  'e\u0301'.repeat(200),
  '💥'.repeat(30),
  'x'.repeat(8_193),
  '1; DROP TABLE users --',
  '{{7*7}}',
  '../../etc/passwd',
  'null',
  '-1',
  CANARY,
];
const ODD_NUMBERS = [0, -0, -1, 1.5, 1e308, -1e308, 2 ** 31, 2 ** 53, 5e-324];

function anOddValue(random: Random, depth = 3): unknown {
  const kind = Math.floor(random.between(0, depth > 0 ? 7 : 5));
  if (kind === 0) return null;
  if (kind === 1) return random.next() < 0.5;
  if (kind === 2) return random.pick(ODD_NUMBERS);
  if (kind === 3) return random.pick(ODD_TEXTS);
  if (kind === 4) return randomUUID();
  const size = Math.floor(random.between(0, 4));
  if (kind === 5) return Array.from({ length: size }, () => anOddValue(random, depth - 1));
  const entries = Array.from({ length: size }, () => [
    random.pick([...KEYS, ...ODD_KEYS]),
    anOddValue(random, depth - 1),
  ]);
  return Object.fromEntries(entries);
}

/** A payload that fits, with a few fields replaced, added or taken away; or no such thing at all. */
function aPayload(random: Random, valid: Record<string, unknown>): unknown {
  if (random.next() < 0.15) return anOddValue(random);
  const entries = Object.entries(valid).filter(() => random.next() > 0.1);
  const mutated = entries.map(([key, value]) => [key, random.next() < 0.4 ? anOddValue(random) : value]);
  if (random.next() < 0.3) mutated.push([random.pick([...KEYS, ...ODD_KEYS]), anOddValue(random)]);
  return Object.fromEntries(mutated);
}

function validPayloads(conversationId: string): Record<ClientEvent, Record<string, unknown>> {
  return {
    'session:state': {},
    'search:start': { seeks: { genders: ['man'], ageBands: ['55+'] }, interests: ['fuzz'], languages: ['en'] },
    'search:cancel': {},
    'message:send': { conversationId, clientId: randomUUID(), text: 'hello' },
    'message:seen': { conversationId, seq: 1 },
    'typing:set': { conversationId, typing: true },
    'conversation:sync': { conversationId, after: 0, limit: 5 },
    'conversation:leave': { conversationId: randomUUID(), next: false },
    'conversation:rate': { conversationId, good: true },
  };
}

function expectContract(answer: Ack<unknown>): void {
  if (answer.ok) return;
  expect(Object.keys(ERROR_CODES)).toContain(answer.error.code);
  expect(answer.error.code).not.toBe('INTERNAL');
  // Never an echo of a value.
  expect(JSON.stringify(answer)).not.toContain(CANARY);
}

describe(`payloads (seed ${SEED})`, () => {
  it.each(Object.keys(CLIENT_EVENTS) as ClientEvent[])('of %s are all answered by the contract', async (event) => {
    const random = new Random(SEED);
    const { ada, bob, adas } = await meet([api.url]);
    for (let round = 0; round < 8; round += 1) {
      const payloads = Array.from({ length: 40 }, () => aPayload(random, validPayloads(adas)[event]));
      const answers = await Promise.all(payloads.map((payload) => ada.try(event, payload)));
      answers.forEach(expectContract);
    }
    for (const person of [ada, bob]) person.disconnect();
  });
});

interface Route {
  method: string;
  /** What an unharmed input is answered with: the fuzz reaches beyond the validation. */
  whole: number;
  /** What a harmed one is answered with, most of all; 422 unless told. */
  harmed?: number;
  path: (random: Random) => string;
  body?: Record<string, unknown>;
  /** At a time; one where an answer brings a new session. */
  atOnce?: number;
}

/** As a part of a path or the value of a query: a text of the list, escaped, or what no escaping makes. */
const anOddPart = (random: Random): string =>
  random.next() < 0.3
    ? random.pick(['%', '%00', '%ff', '%e2%82', '..', '%2e%2e%2f', '+', '1e3', '0x1', '07', '[]', '𝟏'])
    : encodeURIComponent(random.pick(ODD_TEXTS).toWellFormed());

/** A query that fits, or in which something does not. */
function aQuery(random: Random): string {
  if (random.next() < 0.2) return '?after=0&limit=5';
  const names = ['after', 'limit', 'after[]', 'limit.x', ...ODD_KEYS.map(encodeURIComponent)];
  const pairs = Array.from(
    { length: Math.floor(random.between(0, 4)) },
    () => `${random.pick(names)}=${anOddPart(random)}`,
  );
  return `?${pairs.join('&')}`;
}

const FITTING_PROFILE = {
  nickname: 'Fuzz',
  gender: 'woman',
  ageBand: '25-34',
  languages: ['en'],
  interests: ['fuzz'],
  seeks: { genders: ['man'], ageBands: ['55+'], anyLanguage: true },
};

/** So many wait for a hash without being told to come back, on a loaded machine too. */
const HASHES_AT_ONCE = 8;

function routes(handle: string): Record<string, Route> {
  const [token, password] = ['t'.repeat(43), 'correct horse battery staple'];
  const at = (path: string) => () => path;
  const post = { method: 'POST' };
  return {
    'POST /guests': { ...post, whole: 201, path: at('/guests'), body: { ...FITTING_PROFILE, adult: true }, atOnce: 1 },
    'POST /registrations': {
      ...post,
      whole: 202,
      path: at('/registrations'),
      body: { email: 'fuzz@example.com', password },
      atOnce: HASHES_AT_ONCE,
    },
    'POST /sessions': {
      ...post,
      whole: 401,
      path: at('/sessions'),
      body: { email: 'fuzz@example.com', password },
      atOnce: HASHES_AT_ONCE,
    },
    'POST /registrations/confirm': { ...post, whole: 400, path: at('/registrations/confirm'), body: { token } },
    'POST /password-resets': { ...post, whole: 202, path: at('/password-resets'), body: { email: 'fuzz@example.com' } },
    'POST /password-resets/confirm': {
      ...post,
      whole: 400,
      path: at('/password-resets/confirm'),
      body: { token, password },
      atOnce: HASHES_AT_ONCE,
    },
    'POST /conversations/:id/reports': {
      ...post,
      whole: 202,
      path: (random) => `/conversations/${random.next() < 0.8 ? handle : anOddPart(random)}/reports`,
      body: { reason: 'spam', note: 'a note', seqs: [1] },
    },
    'PATCH /me': { method: 'PATCH', whole: 200, path: at('/me'), body: FITTING_PROFILE },
    'GET /conversations/:id/messages': {
      method: 'GET',
      whole: 200,
      path: (random) => `/conversations/${random.next() < 0.8 ? handle : anOddPart(random)}/messages${aQuery(random)}`,
    },
    'DELETE /blocks/:id': {
      method: 'DELETE',
      whole: 404,
      harmed: 405,
      path: (random) => `/blocks/${anOddPart(random)}${aQuery(random)}`,
    },
  };
}

/** What is too long for Node's parser is refused before there is a request: the code is that of any input, the status says why. */
const HEADERS_TOO_LARGE = 431;

/** @returns the status; success, or a problem with a code of the closed list and the status of that code */
async function askOddly(person: Person, { method, path, body }: Route, random: Random): Promise<number> {
  // Broad inputs are seldom left whole by chance.
  const payload = body && (random.next() < 0.1 ? body : aPayload(random, body));
  // A hash may have to wait too long on a loaded machine, which is said, and passes.
  const answer = await person.httpPatiently(method, path(random), payload);
  if (answer.status < 300) return answer.status;
  const { code, status } = answer.body;
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(Object.keys(ERROR_CODES)).toContain(code);
  const expected = answer.status === HEADERS_TOO_LARGE ? HEADERS_TOO_LARGE : ERROR_CODES[code as ErrorCode].status;
  expect([code, answer.status, status]).toEqual([code, expected, expected]);
  expect(answer.status).toBeLessThan(500);
  expect(answer.text).not.toContain(CANARY);
  return status;
}

describe(`HTTP inputs (seed ${SEED})`, () => {
  it(
    'of ten routes are all answered by the contract, and leave the process as it was',
    { timeout: 240_000 },
    async () => {
      const { ada, bob, adas, bobs } = await meet([api.url]);
      await bob.say(bobs, 'one');
      const run = async (): Promise<void> => {
        for (const [name, route] of Object.entries(routes(adas))) {
          const { whole, harmed = 422, atOnce = 24 } = route;
          const person = whole === 201 ? await Person.guest(api.url) : ada;
          const random = new Random(SEED);
          const statuses = new Set<number>();
          for (let asked = 0; asked < 72; asked += atOnce) {
            const asks = Array.from({ length: atOnce }, () => askOddly(person, route, random));
            for (const status of await Promise.all(asks)) statuses.add(status);
          }
          // Some pass the validation, some do not: a fuzz of one kind alone shows little.
          expect([name, [...statuses]]).toEqual([name, expect.arrayContaining([whole, harmed])]);
        }
      };
      await run();
      const before = residentMiB(api);
      await run();
      expect(residentMiB(api) - before).toBeLessThan(MAX_GROWTH);
      for (const person of [ada, bob]) person.disconnect();
    },
  );
});

const FRAMES = (token: string): string[] => [
  `40${JSON.stringify({ csrfToken: token })}`,
  `40/admin,${JSON.stringify({ csrfToken: token })}`,
  '420["session:state",{}]',
  '42["search:cancel",{}]',
  `421["message:send",{"conversationId":"x","clientId":"${randomUUID()}","text":"hi"}]`,
  '451-2["message:send",{"_placeholder":true,"num":0}]',
  '430[{"ok":true}]',
  '41',
  '44{"message":"no"}',
  '3',
  '2probe',
  '5',
  '6',
];

/** A frame that once was valid, or never. */
function aFrame(random: Random, token: string): string | Buffer {
  const frame = random.pick(FRAMES(token));
  const at = Math.floor(random.between(0, frame.length));
  const kind = Math.floor(random.between(0, 8));
  if (kind === 0) return frame;
  if (kind === 1) return frame.slice(0, at);
  if (kind === 2) return `${frame.slice(0, at)}${random.pick(ODD_TEXTS)}${frame.slice(at)}`;
  if (kind === 3) return `${frame.slice(0, at)}${Math.floor(random.between(0, 1e15))}${frame.slice(at)}`;
  if (kind === 4) return Buffer.from(Array.from({ length: 50 }, () => Math.floor(random.between(0, 256))));
  if (kind === 5) return `4${Math.floor(random.between(0, 10))}${JSON.stringify(anOddValue(random))}`;
  if (kind === 6) return frame.replaceAll(/[[{"]/g, () => random.pick(['[', '{', '"', '[[', ',']));
  return frame + frame;
}

async function oneSocket(person: Person, random: Random): Promise<void> {
  const isIn = random.next() < 0.6;
  const opening = isIn ? RawSocket.connect(api.url, person) : RawSocket.open(api.url, { cookie: person.cookie });
  const socket = await opening;
  for (let i = 0; i < 12 && socket.closeCode === undefined; i += 1) socket.send(aFrame(random, person.csrfToken));
  // A frame that may still be answered shows that all before it were dealt with.
  socket.send('4299["session:state",{}]');
  await Promise.race([socket.untilClosed(), socket.answerTo(99).catch(() => undefined)]);
  socket.close();
}

/** Below the protocol: bytes that are no WebSocket frames, or frames that the standard forbids. */
async function oneBrokenStream(person: Person, random: Random): Promise<void> {
  const socket = await RawSocket.open(api.url, { cookie: person.cookie });
  const length = Math.floor(random.between(1, 300));
  const bytes = Buffer.from(Array.from({ length }, () => Math.floor(random.between(0, 256))));
  const { _socket: tcp } = socket.ws as unknown as { _socket: { write(data: Buffer): void; destroy(): void } };
  tcp.write(bytes);
  await new Promise((resolve) => setTimeout(resolve, 20));
  tcp.destroy();
}

describe(`frames (seed ${SEED})`, () => {
  it.each([
    ['of Engine.IO and Socket.IO', oneSocket, 25],
    ['that are none', oneBrokenStream, 40],
  ] as const)('%s leave the process as it was', { timeout: 60_000 }, async (_, attack, rounds) => {
    const people = await Promise.all(Array.from({ length: 8 }, () => Person.guest(api.url)));
    const randoms = people.map((_person, i) => new Random(SEED + i));
    const run = async (): Promise<void> => {
      for (let round = 0; round < rounds; round += 1)
        await Promise.all(people.map((person, i) => attack(person, randoms[i] as Random)));
    };
    await run();
    const before = residentMiB(api);
    await run();
    expect(residentMiB(api) - before).toBeLessThan(MAX_GROWTH);
  });
});
