import { Module } from '@nestjs/common';
import { ChatModule } from '../chat/chat.module.js';
import { SafetyModule } from '../safety/safety.module.js';
import { BlockListener } from './block-listener.js';
import { ClaimDesk } from './claim-desk.js';
import { ClaimResolver } from './claim-resolver.js';
import { CriterionFaults } from './criterion-faults.js';
import { DeadSearches } from './dead-searches.js';
import { MatchOpener } from './match-opener.js';
import { MatchRepository } from './match.repository.js';
import { MatchingCriteria } from './matching-criterion.port.js';
import { MatchingMetrics } from './matching.metrics.js';
import { OpeningTransaction } from './opening.transaction.js';
import { OutcomeRepository } from './outcome.repository.js';
import { PairClaimer } from './pair-claimer.js';
import { RatingService } from './rating.service.js';
import { RequeueNotes } from './requeue-notes.js';
import { SearchEntry } from './search-entry.js';
import { SearchHeartbeat } from './search-heartbeat.js';
import { SearchQueue } from './search-queue.js';
import { SearchRecords } from './search-records.js';
import { SearchStatusReader } from './search-status.reader.js';
import { SearchService } from './search.service.js';
import { SearchTraces } from './search-traces.js';
import { ShardFeed } from './shard-feed.js';
import { ShardKeeper } from './shard-keeper.js';
import { ShardMemory } from './shard-memory.js';
import { ShardObserver } from './shard-observer.js';
import { ShardRunner } from './shard-runner.js';
import { ShardSweeper } from './shard-sweeper.js';

/** Whom people meet: searches, shards, claims. The api starts searches, the worker runs the shards. */
@Module({
  imports: [ChatModule, SafetyModule],
  providers: [
    BlockListener,
    ClaimDesk,
    ClaimResolver,
    CriterionFaults,
    DeadSearches,
    MatchOpener,
    MatchRepository,
    MatchingCriteria,
    MatchingMetrics,
    OpeningTransaction,
    OutcomeRepository,
    PairClaimer,
    RatingService,
    RequeueNotes,
    SearchEntry,
    SearchHeartbeat,
    SearchQueue,
    SearchRecords,
    SearchService,
    SearchStatusReader,
    SearchTraces,
    ShardFeed,
    ShardKeeper,
    ShardMemory,
    ShardObserver,
    ShardRunner,
    ShardSweeper,
  ],
  exports: [MatchingCriteria, RatingService, SearchService, ShardKeeper],
})
export class MatchingModule {}
