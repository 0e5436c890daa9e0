import { Injectable } from '@nestjs/common';
import { MatchingConfig } from '../config/config.types.js';
import { BatchLoader } from '../platform/postgres/batch-loader.js';
import type { Transaction } from '../platform/postgres/database.js';
import { AvoidanceRepository } from './avoidance.repository.js';
import type { Avoidance, UserPair } from './avoidance.types.js';

const NOBODY: Avoidance = { blocked: [], recent: [] };

/** Whom a user must not meet: blocks, and those they met lately. The truth behind what matching keeps in Redis. */
@Injectable()
export class AvoidanceService {
  private readonly loader: BatchLoader<string, Avoidance>;

  constructor(
    private readonly avoidances: AvoidanceRepository,
    private readonly config: MatchingConfig,
  ) {
    this.loader = new BatchLoader((userIds) => avoidances.of(userIds, config.rematchAvoidMs));
  }

  async of(userId: string): Promise<Avoidance> {
    return (await this.loader.get(userId)) ?? NOBODY;
  }

  /** Positions of the pairs that must not meet; the others cannot be blocked until the transaction ends. */
  vetoed(transaction: Transaction, pairs: readonly UserPair[]): Promise<Set<number>> {
    return this.avoidances.vetoed(transaction, pairs, this.config.rematchAvoidMs);
  }
}
