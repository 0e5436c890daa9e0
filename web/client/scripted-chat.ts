import type { Conversation, Message } from '../../src/contracts/state.dto.js';
import type { Snapshot } from './snapshot.js';
import { visible } from './timeline.js';

export const conversation: Conversation = {
  id: 'c1',
  startedAt: new Date().toISOString(),
  idleEndsAt: new Date(Date.now() + 900_000).toISOString(),
  partner: { nickname: 'Zeno', ageBand: '25-34', languages: ['el'], sharedInterests: [] },
  presence: { state: 'here' },
};

export const aMessage = (seq: number, over: Partial<Message> = {}): Message => ({
  conversationId: 'c1',
  seq,
  from: 'partner',
  text: `text ${seq}`,
  sentAt: new Date().toISOString(),
  ...over,
});

/** Of the open conversation, else of the past one. */
export const shownSeqs = ({ chat, past }: Snapshot): number[] => {
  const timeline = (chat ?? past)?.timeline;
  return timeline ? visible(timeline).map((message) => message.seq) : [];
};

export const online = ({ connection, phase }: Snapshot): boolean => connection === 'online' && phase !== 'unknown';
