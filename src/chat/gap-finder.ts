import { Injectable } from '@nestjs/common';
import { BeaconRepository } from './beacon.repository.js';
import { ClientKnowledge } from './client-knowledge.service.js';
import { findGaps } from './find-gaps.js';
import type { Gaps } from './find-gaps.js';

/** What one client lacks, and the conversation that it should know of. */
export interface UserGaps {
  userId: string;
  handle: string | undefined;
  gaps: Gaps;
}

/** One look at some users. */
export interface Look {
  incomplete: UserGaps[];
  /** Users in whose conversation something happened lately. */
  active: Set<string>;
}

/** Compares what clients know with what Postgres says, many at a time. */
@Injectable()
export class GapFinder {
  constructor(
    private readonly rows: BeaconRepository,
    private readonly knowledge: ClientKnowledge,
  ) {}

  /** One query. */
  async find(userIds: string[], activeWithinMs: number): Promise<Look> {
    const truth = await this.rows.truthOf(userIds, activeWithinMs);
    const incomplete = userIds.flatMap((userId) => {
      const conversation = truth.get(userId)?.conversation;
      const gaps = findGaps(this.knowledge.conversationOf(userId), conversation);
      return gaps ? [{ userId, handle: conversation?.handle, gaps }] : [];
    });
    return { incomplete, active: new Set(userIds.filter((userId) => truth.get(userId)?.active)) };
  }
}
