import { Injectable } from '@nestjs/common';
import { BatchLoader } from '../platform/postgres/batch-loader.js';
import type { StoredPage } from './chat.types.js';
import { MessageRepository } from './message.repository.js';
import type { PageRequest } from './message.repository.js';

/** Pages in one query: at 100 messages of a usual length each, about 2.5 MB. */
const MAX_PAGES = 250;

/** Reads pages of messages; the reads of one moment, whoever asks, are one query. */
@Injectable()
export class PageReader {
  private readonly loader;

  constructor(messages: MessageRepository) {
    this.loader = new BatchLoader<string, StoredPage>(
      async (keys) => {
        const pages = await messages.pages(keys.map(requestOf));
        return new Map(keys.flatMap((key, i) => (pages[i] ? [[key, pages[i]] as const] : [])));
      },
      { maxBatch: MAX_PAGES },
    );
  }

  /** @returns undefined when the conversation, or what was said in it, is not kept any more */
  read({ conversationId, after, limit }: PageRequest): Promise<StoredPage | undefined> {
    return this.loader.get(`${conversationId}:${after}:${limit}`);
  }
}

function requestOf(key: string): PageRequest {
  const [conversationId = '', after, limit] = key.split(':');
  return { conversationId, after: Number(after), limit: Number(limit) };
}
