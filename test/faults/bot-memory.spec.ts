import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { State } from '../../src/contracts/state.dto.js';
import { BotMemory } from './bot-memory.js';

const searching = { state: 'searching' } as State;
const idle = { state: 'idle' } as State;

let memory: BotMemory;
/** When the search began, which the bot was told. */
let begunAt: number;

beforeEach(() => {
  vi.useFakeTimers();
  memory = new BotMemory('b1');
  memory.adoptSearch(searching);
  begunAt = memory.lastToldAt;
  vi.advanceTimersByTime(1_000);
});
afterEach(() => void vi.useRealTimers());

it('a search of which the bot only asks has had no word', () => {
  memory.adoptAnswer(searching);
  expect(memory.lastToldAt).toBe(begunAt);
});

it('a search that vanished without a word has had none, however often the bot begins another', () => {
  for (let n = 0; n < 3; n += 1) {
    memory.adoptAnswer(idle);
    memory.adoptSearch(searching);
    vi.advanceTimersByTime(1_000);
  }
  expect(memory.lastToldAt).toBe(begunAt);
});

it('a status is a word, also after one vanished', () => {
  memory.adoptAnswer(idle);
  memory.adoptSearch(searching);
  memory.hear('search:status', {});
  expect(memory.lastToldAt).toBe(begunAt + 1_000);
  memory.adoptAnswer(searching);
  expect(memory.lastToldAt).toBe(begunAt + 1_000);
});

it('a search that begins after a conversation is a new one', () => {
  memory.hear('conversation:started', { id: 'c', startedAt: '', partner: { nickname: 'b2' } });
  memory.hear('conversation:ended', { conversationId: 'c' });
  vi.advanceTimersByTime(1_000);
  memory.adoptSearch(searching);
  expect(memory.lastToldAt).toBe(begunAt + 2_000);
});
