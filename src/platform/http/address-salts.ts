import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { Log } from '../logging/log.js';
import { Database } from '../postgres/database.js';
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

  /** Today's salt; while Postgres is away over midnight, the newest known. */
  current(): Buffer {
    const salt = this.salts.get(dayOf(this.clock.now())) ?? [...this.salts.values()].at(-1);
    if (!salt) throw new Error('no address salt was loaded');
    return salt;
  }

  /** Makes the salts of today and tomorrow, destroys those older than yesterday, and reads what is left. Index: address_salts_pkey. */
  async refresh(): Promise<void> {
    const today = dayOf(this.clock.now());
    await this.database.query(
      `INSERT INTO address_salts (day, salt) VALUES ($1::date, $2), ($1::date + 1, $3) ON CONFLICT (day) DO NOTHING`,
      [today, randomBytes(SALT_BYTES), randomBytes(SALT_BYTES)],
    );
    await this.database.query('DELETE FROM address_salts WHERE day < $1::date - 1', [today]);
    const rows = await this.database.query<{ day: string; salt: Buffer }>(
      `SELECT to_char(day, 'YYYY-MM-DD') AS day, salt FROM address_salts WHERE day >= $1::date - 1 ORDER BY day`,
      [today],
    );
    this.salts = new Map(rows.map(({ day, salt }) => [day, salt]));
  }
}

const dayOf = (date: Date): string => date.toISOString().slice(0, 10);
