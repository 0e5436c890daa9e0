import { Injectable } from '@nestjs/common';
import { Metrics } from '../platform/metrics/metrics.js';
import { Database } from '../platform/postgres/database.js';

/** Work that stands in rows, and how it is told that it is done. */
const WORK = [
  { table: 'auth_requests', open: 'handled_at IS NULL' },
  { table: 'exports', open: 'used_at IS NULL' },
  { table: 'erasures', open: 'done_at IS NULL' },
];

/** Shows what the sweeps have given up: it waits for an operator. */
@Injectable()
export class GivenUp {
  constructor(database: Database, metrics: Metrics) {
    const counts = WORK.map(
      ({ table, open }) =>
        `SELECT '${table}' AS what, count(*)::int AS count FROM ${table} WHERE given_up_at IS NOT NULL AND ${open}`,
    ).join(' UNION ALL ');
    metrics.series(
      'stoa_given_up_rows',
      'Rows whose job failed so often that nobody tries again',
      ['what'],
      async () => {
        const rows = await database.query<{ what: string; count: number }>(counts);
        return rows.map(({ what, count }) => ({ labels: { what }, value: count }));
      },
    );
  }
}
