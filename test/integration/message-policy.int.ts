import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MessageRefused } from '../../src/chat/chat.errors.js';
import type { MessagePolicy } from '../../src/chat/message-policy.port.js';
import { ChatStage, callerOf } from '../support/chat-stage.js';

// The example of docs/guides/message-policy.md, word for word.
/** Hides telephone numbers, and refuses texts that are nothing else. */
class HidesPhoneNumbers implements MessagePolicy {
  apply(text: string): string {
    const hidden = text.replaceAll(/\+?\d[\d ()-]{7,}\d/g, '…');
    if (hidden === '…') throw new MessageRefused();
    return hidden;
  }
}

let stage: ChatStage;
beforeAll(async () => {
  stage = await ChatStage.start();
  stage.policies.add(new HidesPhoneNumbers());
});
afterAll(() => stage.stop());

it('a policy changes what is stored, and what it refuses is not stored', async () => {
  const { members } = await stage.openConversation();
  const [ada, bob] = members;
  const say = (text: string, clientId = randomUUID()) =>
    stage.messages.send(callerOf(ada.userId), { conversationId: ada.handle, clientId, text });
  const clientId = randomUUID();
  await say('call +30 210 1234567 tonight', clientId);
  expect(await say('call +30 210 1234567 tonight', clientId)).toMatchObject({ seq: 1, duplicate: true });
  await expect(say('+30 210 1234567')).rejects.toMatchObject({ code: 'FORBIDDEN' });
  expect(stage.sentTo(bob.userId, 'message:new').map(({ text }) => text as string)).toEqual(['call … tonight']);
  const page = await stage.history.sync(callerOf(ada.userId), { conversationId: ada.handle, after: 0 });
  expect(page.lastSeq).toBe(1);
});

it('the guide shows what is tested here', () => {
  const guide = readFileSync(new URL('../../docs/guides/message-policy.md', import.meta.url), 'utf8');
  const test = readFileSync(new URL(import.meta.url), 'utf8');
  const [, example = 'no example'] = /```ts\n(.*?)```/s.exec(guide) ?? [];
  expect(test).toContain(example);
});
