import { Injectable } from '@nestjs/common';
import { Database } from './database.js';
import { isOutOfRoom } from './out-of-room.js';

/** How long a refused write tells of a lack of room (ms). On a full disk others may succeed meanwhile: pages have gaps. */
const REFUSAL_HOLDS = 10_000;

/** A disk is tried at most this often (ms). */
const TRIAL_INTERVAL = 4_000;

/** Asks for 400 kB of the database's own disk, and gives them back when it ends: a list that does not fit into 64 kB of memory. About 1 ms. */
const TRIAL = `SET LOCAL work_mem = '64kB'; SET LOCAL temp_tablespaces = '';
  WITH lines AS MATERIALIZED (SELECT repeat('x', 1000) AS line FROM generate_series(1, 400)) SELECT count(line) FROM lines`;

/** Whether Postgres has room to write: a disk that is full still answers reads, and a ping tells nothing of it. */
@Injectable()
export class PostgresRoom {
  private lastTrial = { at: -Infinity, isLacking: Promise.resolve(false) };

  constructor(private readonly database: Database) {}

  /** True when a write was refused for lack of room lately, or a trial is. Never throws: what else is wrong, others tell. */
  async isLacking(): Promise<boolean> {
    const now = performance.now();
    if (now - this.database.outOfRoomAt < REFUSAL_HOLDS) return true;
    if (now - this.lastTrial.at >= TRIAL_INTERVAL) this.lastTrial = { at: now, isLacking: this.try() };
    return this.lastTrial.isLacking;
  }

  private try(): Promise<boolean> {
    return this.database.pool.query(TRIAL).then(() => false, isOutOfRoom);
  }
}
