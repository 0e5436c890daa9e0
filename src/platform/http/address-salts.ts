import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { Log } from '../logging/log.js';
import { Database } from '../postgres/database.js';
import { UTC_TODAY } from '../postgres/utc-today.js';
import { Clock } from '../time/clock.js';

/** ms between two looks for the salt of a new day */
const REFRESH_INTERVAL = 10 * 60_000;
const SALT_BYTES = 32;

/**
 * The random salt of each UTC day, one for all processes. Salts older than 48 h are destroyed,
 * and with them the way back from a digest to an address (security 1.9 P1).
 */
@Injectable()
export class AddressSalts implements OnModuleInit, OnApplicationShutdown {
  private salts = new Map<string, Buffer>();
  /** When they were read (ms): Postgres' time, and this process' own that never jumps. */
  private readAt = { postgresMs: 0, monotonicMs: 0 };
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.refresh();
    this.timer = setInterval(() => {
      this.refresh().catch((error: unknown) => this.log.warn({ event: 'address.salt_postponed', err: error }));
    }, REFRESH_INTERVAL);
    this.timer.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Today's salt, as Postgres has the day; while it is away over midnight, the newest known. */
  current(): Buffer {
    const now = this.readAt.postgresMs + this.clock.monotonicMs() - this.readAt.monotonicMs;
    const salt = this.salts.get(new Date(now).toISOString().slice(0, 10)) ?? [...this.salts.values()].at(-1);
    if (!salt) throw new Error('no address salt was loaded');
    return salt;
  }

  /**
   * Makes the salts of today and tomorrow, and reads them and yesterday's; retention destroys the older ones. Postgres says what day
   * it is: a process whose clock is wrong must have the same salt as the others. Index: address_salts_pkey.
   */
  async refresh(): Promise<void> {
    await this.database.query(
      `INSERT INTO address_salts (day, salt) VALUES (${UTC_TODAY}, $1), (${UTC_TODAY} + 1, $2) ON CONFLICT (day) DO NOTHING`,
      [randomBytes(SALT_BYTES), randomBytes(SALT_BYTES)],
    );
    const rows = await this.database.query<{ day: string; salt: Buffer; nowMs: number }>(
      `SELECT to_char(day, 'YYYY-MM-DD') AS day, salt, extract(epoch FROM now())::float8 * 1000 AS "nowMs"
         FROM address_salts WHERE day >= ${UTC_TODAY} - 1 ORDER BY day`,
    );
    this.salts = new Map(rows.map(({ day, salt }) => [day, salt]));
    this.readAt = { postgresMs: rows[0]?.nowMs ?? 0, monotonicMs: this.clock.monotonicMs() };
  }
}
