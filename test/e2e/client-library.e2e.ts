import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Profile } from '../../src/contracts/profile.dto.js';
import { connectStranger } from '../../web/client/connect-stranger.js';
import type { Snapshot } from '../../web/client/snapshot.js';
import type { Stranger } from '../../web/client/stranger.js';
import { visible } from '../../web/client/timeline.js';
import { appendSilently } from '../support/append-silently.js';
import { deploy, ORIGIN } from '../support/deployment.js';
import type { Deployment } from '../support/deployment.js';

let deployment: Deployment;
const strangers: Stranger[] = [];

beforeAll(async () => {
  deployment = await deploy({ apis: 2 });
});
afterAll(() => deployment.stop());
afterEach(async () => {
  for (const stranger of strangers.splice(0)) {
    await stranger.leave().catch(() => undefined);
    stranger.close();
  }
});

const join = async (process: number, profile: Partial<Profile> = {}): Promise<Stranger> => {
  const url = deployment.apis[process]?.url ?? '';
  const whole: Profile = { ageBand: '25-34', languages: ['en'], interests: [], ...profile };
  const stranger = await connectStranger(url, whole, { origin: ORIGIN });
  strangers.push(stranger);
  return stranger;
};

const isChatting = ({ phase }: Snapshot): boolean => phase === 'chatting';
const shown = ({ chat, past }: Snapshot): string[] => {
  const timeline = (chat ?? past)?.timeline;
  return timeline ? visible(timeline).map(({ seq, text }) => `${seq} ${text}`) : [];
};
const textsOf = (snapshot: Snapshot): string[] => shown(snapshot).map((line) => line.slice(line.indexOf(' ') + 1));

/** Two who have met, on two api processes. */
const meet = async (): Promise<[Stranger, Stranger]> => {
  const pair: [Stranger, Stranger] = [await join(0, { nickname: 'Ada' }), await join(1, { nickname: 'Bob' })];
  await Promise.all(pair.map((stranger) => stranger.startSearch()));
  await Promise.all(pair.map((stranger) => stranger.until(isChatting)));
  return pair;
};

describe('the client library', () => {
  it('brings two strangers together, and both see the same conversation', async () => {
    const [ada, bob] = await meet();
    expect(ada.store.getSnapshot().chat?.conversation.partner.nickname).toBe('Bob');
    for (const text of ['one', 'two', 'three']) ada.send(text);
    await bob.until((snapshot) => shown(snapshot).length === 3);
    bob.typing();
    await ada.until(({ chat }) => chat?.partnerTyping === true);
    bob.send('four');
    bob.markSeen(3);
    const atAda = await ada.until(({ chat }) => chat?.seenByPartner === 3 && chat.timeline.lastSeq === 4);
    expect(shown(atAda)).toEqual(['1 one', '2 two', '3 three', '4 four']);
    expect(shown(bob.store.getSnapshot())).toEqual(shown(atAda));
    expect(atAda.outbox).toEqual([]);
  });

  it('loses and doubles nothing when its api process is killed while both are writing', async () => {
    const [ada, bob] = await meet();
    const written = Array.from({ length: 60 }, (_, index) => `message ${index}`);
    const write = async (stranger: Stranger, name: string) => {
      for (const text of written) {
        stranger.send(`${name} ${text}`);
        await sleep(15);
      }
    };
    const writing = Promise.all([write(ada, 'ada'), write(bob, 'bob')]);
    await sleep(400);
    await deployment.apis[0]?.stop('SIGKILL');
    await deployment.apis[0]?.start();
    await writing;
    const isWhole = ({ chat, outbox }: Snapshot) => chat?.timeline.messages.length === 120 && outbox.length === 0;
    const [atAda, atBob] = await Promise.all([ada.until(isWhole, 30_000), bob.until(isWhole, 30_000)]);
    expect(shown(atAda)).toEqual(shown(atBob));
    for (const name of ['ada', 'bob']) {
      expect(textsOf(atAda).filter((text) => text.startsWith(name))).toEqual(written.map((text) => `${name} ${text}`));
    }
  });

  it('reads a long history to its beginning', async () => {
    const [ada, bob] = await meet();
    const texts = Array.from({ length: 130 }, (_, index) => `message ${index}`);
    for (const text of texts) ada.send(text);
    await ada.until(({ outbox }) => outbox.length === 0, 20_000);
    const me = await bob.api.me();
    bob.close();
    bob.adopt(me);
    const after = await bob.until(({ chat }) => chat?.timeline.messages.length === 130);
    expect(textsOf(after)).toEqual(texts);
  });

  it('tells that the partner has left, and what was not sent then', async () => {
    const [ada, bob] = await meet();
    ada.send('hello');
    await bob.until((snapshot) => shown(snapshot).length === 1);
    await ada.leave();
    const atBob = await bob.until(({ past }) => past !== undefined);
    expect(atBob).toMatchObject({ phase: 'idle', past: { reason: 'partner_left' } });
    expect(shown(atBob)).toEqual(['1 hello']);
    expect(ada.store.getSnapshot()).toMatchObject({ phase: 'idle', past: { reason: 'you_left' } });
    expect(bob.send('too late')).toBeUndefined();
  });

  it('shows the last words of a partner who left before anybody was told of them', async () => {
    const [ada, bob] = await meet();
    ada.send('hello');
    await bob.until((snapshot) => shown(snapshot).length === 1);
    const postgres = new pg.Client({ connectionString: deployment.databaseUrl });
    await postgres.connect();
    await appendSilently(postgres, ada.store.getSnapshot().user?.id ?? '', 'bye');
    await postgres.end();
    await ada.leave();
    const isWhole = (snapshot: Snapshot) => snapshot.past !== undefined && shown(snapshot).length === 2;
    const atBob = await bob.until(isWhole, 3_000);
    expect(atBob.past?.reason).toBe('partner_left');
    expect(shown(atBob)).toEqual(['1 hello', '2 bye']);
  });
});
