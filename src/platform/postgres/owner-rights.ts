import { Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { RuntimeConfig } from '../../config/config.types.js';
import { Log } from '../logging/log.js';
import { Metrics } from '../metrics/metrics.js';
import { Database } from './database.js';

/** Whom this process signs in as (a role that it acts as does not change that), and whether that user may act as the tables' owner; a superuser may. */
const ASK = `SELECT session_user AS "user", pg_has_role(session_user, relowner, 'MEMBER') AS owns FROM pg_class WHERE oid = 'audit_events'::regclass`;

/**
 * Acting as `stoa_app` holds off a mistake; whoever takes over the process says `RESET ROLE` and has what its user has. With the
 * owner's rights that is everything, the audit trail too. It serves all the same: no fault of its health, but a ticket.
 */
@Injectable()
export class OwnerRights implements OnApplicationBootstrap {
  constructor(
    private readonly database: Database,
    private readonly log: Log,
    private readonly runtime: RuntimeConfig,
    metrics: Metrics,
  ) {
    metrics.series(
      'stoa_postgres_owner_rights',
      "1 while the user that this process signs in to Postgres as has the rights of the tables' owner",
      [],
      async () => [{ labels: {}, value: Number((await this.ask()).owns) }],
    );
  }

  /** At a desk the owner is the only user there is. */
  async onApplicationBootstrap(): Promise<void> {
    if (this.runtime.environment !== 'production') return;
    const { user, owns } = await this.ask();
    if (owns) this.log.warn({ event: 'postgres.owner_rights', user });
  }

  private async ask(): Promise<{ user: string; owns: boolean }> {
    const [facts] = await this.database.query<{ user: string; owns: boolean }>(ASK);
    return facts ?? { user: '', owns: false };
  }
}
