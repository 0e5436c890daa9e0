import { SpanKind } from '@opentelemetry/api';
import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
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
  constructor(private readonly manager: EntityManager) {}

  async query<Row extends object>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    const runner = this.manager.queryRunner;
    if (!runner) throw new Error('the transaction has ended');
    const { records } = await traced('SQL', of(sql), () => runner.query(withRequestId(sql), parameters, true));
    return records as Row[];
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
    return this.watched(this.source.transaction((manager) => work(new Transaction(manager))));
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
