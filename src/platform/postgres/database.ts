import { SpanKind } from '@opentelemetry/api';
import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import type { Pool, PoolClient, QueryResult } from 'pg';
import { DataSource } from 'typeorm';
import { traced } from '../tracing/traced.js';
import { isOutOfRoom } from './out-of-room.js';
import { currentContext } from '../request-context/request-context.js';

/** A query that can be asked inside a transaction or outside. */
export interface Queryable {
  /** @returns the rows, also those of `RETURNING` */
  query<Row extends object>(sql: string, parameters?: unknown[]): Promise<Row[]>;
}

/** One open transaction. Writes take it as a required argument, so that nobody writes outside of one by mistake. */
export class Transaction implements Queryable {
  private hasEnded = false;
  private isUnclear = false;

  private constructor(private readonly client: PoolClient) {}

  /** Begins, works and commits, or rolls back, over a connection of its own. The pool gets it back only in a state that is known. */
  static async run<T>(pool: Pool, work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const client = await pool.connect();
    // A connection that breaks tells so to whoever asks next; what nobody listens to would end the process.
    client.on('error', ignore);
    const transaction = new Transaction(client);
    try {
      await transaction.ask('START TRANSACTION');
      const result = await work(transaction);
      await transaction.commit();
      return result;
    } catch (error) {
      await transaction.rollBack();
      throw error;
    } finally {
      client.off('error', ignore);
      client.release(transaction.isUnclear);
    }
  }

  async query<Row extends object>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    if (this.hasEnded) throw new Error('the transaction has ended');
    return (await traced('SQL', of(sql), () => this.ask<Row>(withRequestId(sql), parameters))).rows;
  }

  private async commit(): Promise<void> {
    this.hasEnded = true;
    // Postgres answers so where a statement had failed, and `work` went on as if it had not.
    if ((await this.ask('COMMIT')).command === 'ROLLBACK')
      throw new Error('a statement of the transaction had failed: nothing was committed');
  }

  /** Never rejects: why it is rolled back tells more. */
  private async rollBack(): Promise<void> {
    this.hasEnded = true;
    if (this.isUnclear) return;
    await this.ask('ROLLBACK').catch(() => (this.isUnclear = true));
  }

  /**
   * What Postgres did not answer, it may still do: after the 5 s that a process waits, and before whatever else is asked over this
   * connection. An acknowledgement of that would then be one of a transaction that nobody commits.
   */
  private async ask<Row extends object>(sql: string, parameters: unknown[] = []): Promise<QueryResult<Row>> {
    try {
      return await this.client.query<Row>(sql, parameters);
    } catch (error) {
      this.isUnclear ||= !(error instanceof pg.DatabaseError);
      throw error;
    }
  }
}

/** Postgres, the truth. Pool of 10; connect 2 s, statement 3 s, lock 1 s, idle in transaction 5 s (`data-source.ts`). */
@Injectable()
export class Database implements Queryable, OnApplicationShutdown {
  /** When Postgres last refused something for lack of room (ms on this process's clock). */
  outOfRoomAt = -Infinity;

  constructor(private readonly source: DataSource) {}

  /** `stoa-api`, `stoa-worker`: what this process is called in Postgres. */
  get applicationName(): string {
    return (this.source.options as { applicationName?: string }).applicationName ?? '';
  }

  /** pg's own pool below TypeORM: hot paths call SQL functions through it by name. */
  get pool(): Pool {
    return (this.source.driver as unknown as { master: Pool }).master;
  }

  async query<Row extends object>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    const asked = () => this.pool.query<Row>(withRequestId(sql), parameters);
    return (await this.watched(traced('SQL', of(sql), asked))).rows;
  }

  /** A prepared statement, planned once per connection. `name` is unique for `sql`. For hot paths: it carries no request id. */
  async queryPrepared<Row extends object>(name: string, sql: string, parameters: unknown[]): Promise<Row[]> {
    const asked = () => this.pool.query<Row>({ name, text: sql, values: parameters });
    return (await this.watched(traced(`SQL ${name}`, of(sql), asked))).rows;
  }

  /** READ COMMITTED. No Redis, queue or socket call belongs inside `work`: publish after it returns. */
  transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.watched(Transaction.run(this.pool, work));
  }

  private async watched<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (isOutOfRoom(error)) this.outOfRoomAt = performance.now();
      throw error;
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.source.destroy();
  }
}

const ignore = (): void => undefined;

/** What a trace tells of a statement: its text, which holds no values. */
const of = (sql: string) => ({
  kind: SpanKind.CLIENT,
  attributes: { 'db.system.name': 'postgresql', 'db.query.text': sql },
});

/** Joins a statement in Postgres' log to the request that asked it. The id is made by the server: a uuid, safe inside a comment. */
function withRequestId(sql: string): string {
  const context = currentContext();
  return context ? `${sql} /* rid=${context.requestId} */` : sql;
}
