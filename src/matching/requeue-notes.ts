import { Injectable } from '@nestjs/common';
import { Log } from '../platform/logging/log.js';
import { BatchLoader } from '../platform/postgres/batch-loader.js';
import { OutcomeRepository } from './outcome.repository.js';

/** Whoever searches again within this time (ms) of a conversation's end did so at once. */
const AT_ONCE_MS = 10_000;

/** Notes of a match that a member searched again at once after it: beside the search, which does not wait for it. */
@Injectable()
export class RequeueNotes {
  /** The new searches of a moment are noted with one statement. */
  private readonly notes;

  constructor(
    outcomes: OutcomeRepository,
    private readonly log: Log,
  ) {
    this.notes = new BatchLoader<string, void>(async (userIds) => {
      await outcomes.noteRequeued(userIds, AT_ONCE_MS);
      return new Map();
    });
  }

  /** A note that is lost is one outcome without it. */
  searched(userId: string): void {
    this.notes.get(userId).catch((error: unknown) => this.log.debug({ event: 'matching.requeue_unnoted', err: error }));
  }
}
