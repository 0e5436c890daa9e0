import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AnswerTimes } from '../../src/auth/latency-floor.js';
import { PasswordHasher } from '../../src/auth/password-hasher.js';
import { Accounts, PASSWORD, anEmail } from '../support/accounts.js';
import { startAuthApp } from '../support/auth-app.js';
import type { AuthApp } from '../support/auth-app.js';
import { Browser } from '../support/browser.js';
import { Attacker } from './attacker.js';
import type { Experiment } from './attacker.js';

// Can the time of an answer tell whether an address is known? Security requirement A3; method: docs/security.md, "The timing proof".

/** Pairs of each comparison. With the floor on half of them takes as long as all without it. */
const PAIRS = Number(process.env['TIMING_PAIRS'] ?? 400);
const PAIRS_WITH_FLOOR = Number(process.env['TIMING_PAIRS_WITH_FLOOR'] ?? 200);

type Experiments = Record<string, Experiment>;

let auth: AuthApp;
let attacker: Attacker;
let experiments: Experiments;
let floor: AnswerTimes;

beforeAll(async () => {
  attacker = new Attacker();
  ({ auth, experiments, floor } = await startWithoutFloor());
});
afterAll(async () => {
  await attacker?.stop();
  await auth?.stop();
});

interface Stage {
  auth: AuthApp;
  experiments: Experiments;
  floor: AnswerTimes;
}

async function startWithoutFloor(options: { worker?: boolean } = {}): Promise<Stage> {
  const auth = await startAuthApp({}, options);
  const accounts = await Accounts.of(auth);
  const floor = auth.app.get(AnswerTimes);
  Object.assign(floor, { floorMs: 0, stepMs: 0 });
  const visitor = await new Browser(auth.url).arrive();
  const member = await new Browser(auth.url).arrive();
  await member.post('/sessions', { email: await accounts.member(), password: PASSWORD });
  return { auth, floor, experiments: describeExperiments(accounts, visitor, member) };
}

type Emails = (count: number) => Promise<string[]>;

function describeExperiments(accounts: Accounts, visitor: Browser, member: Browser): Experiments {
  const missing: Emails = (count) => Promise.resolve(Array.from({ length: count }, anEmail));
  /** One after the other: seven comparisons at once would take all connections to Postgres from each other. */
  const each =
    (make: () => Promise<string>): Emails =>
    async (count) => {
      const emails: string[] = [];
      while (emails.length < count) emails.push(await make());
      return emails;
    };
  const known = each(() => accounts.member());
  const suspended = each(() => accounts.member({ suspended: true }));
  const unconfirmed = each(() => accounts.unconfirmed());
  const bodies =
    (emails: Emails, rest: object = {}) =>
    async (count: number): Promise<object[]> =>
      (await emails(count)).map((email) => ({ email, ...rest }));
  const right = { password: PASSWORD };
  const wrong = { password: `${PASSWORD}!` };
  const signIn = { path: '/sessions', browser: visitor, status: 401, reference: bodies(missing, right) };
  const register = { path: '/registrations', browser: visitor, status: 202, reference: bodies(missing, right) };
  const reset = { path: '/password-resets', browser: visitor, status: 202, reference: bodies(missing) };
  const change = { path: '/email-changes', browser: member, status: 202, reference: bodies(missing, right) };
  const all: Experiment[] = [
    { ...signIn, name: 'sign-in: known, wrong password / missing', other: bodies(known, wrong) },
    { ...signIn, name: 'sign-in: suspended, wrong password / missing', other: bodies(suspended, wrong) },
    { ...signIn, name: 'sign-in: unconfirmed, right password / missing', other: bodies(unconfirmed, right) },
    { ...register, name: 'registration: taken / free', other: bodies(known, right) },
    { ...reset, name: 'password reset: known / missing', other: bodies(known) },
    { ...reset, name: 'password reset: unconfirmed / missing', other: bodies(unconfirmed) },
    { ...change, name: 'e-mail change: taken / free', other: bodies(known, right) },
  ];
  return Object.fromEntries(all.map((experiment) => [experiment.name, experiment]));
}

const NAMES = [
  'sign-in: known, wrong password / missing',
  'sign-in: suspended, wrong password / missing',
  'sign-in: unconfirmed, right password / missing',
  'registration: taken / free',
  'password reset: known / missing',
  'password reset: unconfirmed / missing',
  'e-mail change: taken / free',
];

/** Too noisy is not a pass: the machine must be quieter, or the bound is not shown. */
async function expectPass(name: string, by: Attacker, pairs: number, among = experiments): Promise<void> {
  const outcome = await by.judge(among[name] as Experiment, pairs);
  if (outcome.verdict === 'undecided') throw new Error('this machine is too noisy for the proof');
  expect([name, outcome.verdict]).toEqual([name, 'pass']);
}

describe('with the latency floor off, equal work alone', () => {
  it.each(NAMES)('%s', (name) => expectPass(name, attacker, PAIRS));
});

// In service the worker is a process of its own; here its decisions and mails, which differ, get in the way of the next answers.
describe('with the floor off and the worker at work in the same process', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startWithoutFloor({ worker: true });
  });
  afterAll(() => stage?.auth.stop());

  it.each(NAMES)('%s', (name) => expectPass(name, attacker, PAIRS, stage.experiments));
});

describe('with the latency floor on, as it is in service', () => {
  beforeAll(() => void Object.assign(floor, new AnswerTimes()));
  afterAll(() => void Object.assign(floor, { floorMs: 0, stepMs: 0 }));

  // Most of each request is waiting, so that all comparisons fit into the time of one.
  it('all of them', async () => {
    const attackers = NAMES.map((name) => ({ name, by: new Attacker() }));
    try {
      await Promise.all(attackers.map(({ name, by }) => expectPass(name, by, PAIRS_WITH_FLOOR)));
    } finally {
      await Promise.all(attackers.map(({ by }) => by.stop()));
    }
  });
});

describe('the negative control', () => {
  it('fails a server that skips the hash where there is no account', async () => {
    const hasher = auth.app.get(PasswordHasher, { strict: false });
    const verify = hasher.verify.bind(hasher);
    hasher.verify = (password, stored) =>
      stored === hasher.dummyHash ? Promise.resolve(false) : verify(password, stored);
    const outcome = await attacker.judge(
      { ...(experiments[NAMES[0] ?? ''] as Experiment), name: 'negative control: no hash / hash' },
      PAIRS,
    );
    hasher.verify = verify;
    expect(outcome.verdict).toBe('fail');
  });
});
