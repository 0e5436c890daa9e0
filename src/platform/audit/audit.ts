import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { AddressSalts } from '../http/address-salts.js';
import { Log } from '../logging/log.js';
import { Database } from '../postgres/database.js';
import type { Queryable, Transaction } from '../postgres/database.js';
import { currentContext } from '../request-context/request-context.js';
import { Clock } from '../time/clock.js';

/** One line of the trail: never texts, tokens, addresses or e-mails. */
export interface AuditEntry {
  /** `noun.verb`: `session.create`, `origin.refuse`. */
  event: string;
  /**
   * User id of who acted; default: the caller. Stored as the user's random audit id, which erasure makes meaningless.
   * Null where the target is an address: the two in one row would say whose the audit id was.
   */
  actor?: string | null;
  /** What was acted on: a public id, or of an address its `dayDigest`. */
  target?: string;
  result?: 'ok' | 'refused' | 'failed';
  /** A code, not a text. */
  reason?: string;
}

/** ms in which equal refusals become one row */
const TALLY_WINDOW = 60_000;
/** Different refusals that one window holds; further ones are counted together. */
const MAX_TALLIES = 1_000;

interface Tally {
  entry: AuditEntry;
  ipHash: string | undefined;
  count: number;
}

/** The append-only trail of what matters for security. */
@Injectable()
export class Audit implements OnApplicationBootstrap, OnApplicationShutdown {
  private tallies = new Map<string, Tally>();
  private preparedMonth = '';
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly salts: AddressSalts,
    private readonly log: Log,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.preparePartitions();
    this.timer = setInterval(() => void this.keepUp(), TALLY_WINDOW);
    this.timer.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
  }

  /** A transaction for changes that leave a trace: `append` in it what they are. */
  transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.database.transaction(work);
  }

  /**
   * What stands in the trail for something that would name a person: equal things of a day are equal. Its salt is destroyed after 48 h,
   * and from then on nobody can tell what it stood for, not even with the keys.
   */
  dayDigest(text: string): string {
    return createHmac('sha256', this.salts.current()).update(`audit:${text}`).digest('hex').slice(0, 32);
  }

  /** Appends in the transaction of the change that the entry is about: both happen or neither. */
  async append(transaction: Transaction, entry: AuditEntry): Promise<void> {
    await this.write(transaction, entry, currentContext()?.ipHash);
  }

  /** The same for many of one event, about nobody in particular, in one statement. */
  async appendMany(transaction: Transaction, event: string, targets: readonly string[]): Promise<void> {
    if (targets.length === 0) return;
    await transaction.query(
      `SELECT append_audit($1, NULL, target, 'ok', NULL, NULL, $3) FROM unnest($2::text[]) AS target`,
      [event, targets, currentContext()?.requestId ?? null],
    );
  }

  /**
   * Counts what may come often and changes nothing. The first of its kind in a minute, by event, reason, target, who acted and address,
   * is written at once, the rest as one row at the minute's end: a flood cannot fill the trail. Never rejects and never waits.
   */
  tally(named: AuditEntry): void {
    const { ipHash, userId = null } = currentContext() ?? {};
    // Now: the row of the minute's end has no context.
    const entry = { ...named, actor: named.actor === undefined ? userId : named.actor };
    const { event, reason = '', target = '', actor } = entry;
    const key = [event, reason, target, actor, ipHash].join(' ');
    const known = this.tallies.get(key);
    if (known) known.count += 1;
    else if (this.tallies.size >= MAX_TALLIES) this.tallyOverflow(entry);
    else {
      this.tallies.set(key, { entry, ipHash, count: 0 });
      void this.note(entry, ipHash);
    }
  }

  /** Writes what stands for itself, outside of any transaction. Never rejects. */
  async note(entry: AuditEntry, ipHash = currentContext()?.ipHash): Promise<void> {
    try {
      await this.write(this.database, entry, ipHash);
    } catch (error) {
      this.log.warn({ event: 'audit.write_failed', err: error });
    }
  }

  private tallyOverflow(entry: AuditEntry): void {
    const key = `${entry.event} many`;
    const known = this.tallies.get(key) ?? {
      entry: { event: entry.event, result: 'refused' },
      ipHash: undefined,
      count: 0,
    };
    known.count += 1;
    this.tallies.set(key, known);
  }

  private async keepUp(): Promise<void> {
    await this.preparePartitions().catch((error: unknown) =>
      this.log.warn({ event: 'audit.partition_postponed', err: error }),
    );
    await this.flush();
  }

  private async flush(): Promise<void> {
    const repeated = [...this.tallies.values()].filter(({ count }) => count > 0);
    this.tallies = new Map();
    for (const { entry, ipHash, count } of repeated)
      await this.note({ ...entry, reason: `${entry.reason ?? entry.event} x${count}` }, ipHash);
  }

  private async write(on: Queryable, entry: AuditEntry, ipHash: string | undefined): Promise<void> {
    const context = currentContext();
    await on.query(`SELECT append_audit($1, (SELECT audit_id::text FROM users WHERE id = $2), $3, $4, $5, $6, $7)`, [
      entry.event,
      entry.actor === undefined ? (context?.userId ?? null) : entry.actor,
      entry.target ?? null,
      entry.result ?? 'ok',
      entry.reason ?? null,
      ipHash ?? null,
      context?.requestId ?? null,
    ]);
  }

  /** This month's partition and the next one's; the migration made the first three. */
  private async preparePartitions(): Promise<void> {
    const month = this.clock.now().toISOString().slice(0, 7);
    if (month === this.preparedMonth) return;
    await this.database.query(
      `SELECT ensure_audit_partition((current_date + make_interval(months => i))::date) FROM generate_series(0, 1) AS i`,
    );
    this.preparedMonth = month;
  }
}
