import { quantile } from './quantile.js';
import type { Row } from './row.types.js';
import type { Finding, Strike } from './strike.js';

/** A strike whose metric did not move tested nothing. */
export function missingEvidence({ name, evidence }: Row, strikes: Strike[]): Finding[] {
  const share = typeof evidence === 'object' && 'metric' in evidence ? (evidence.share ?? 1) : 1;
  const moves = strikes.filter((strike) => strike.row === name).flatMap((strike) => strike.evidence ?? []);
  const moved = moves.filter((by) => by > 0).length;
  if (moved >= share * moves.length) return [];
  return [{ invariant: 'evidence', what: `${name}: its metric moved at ${moved} of ${moves.length} strikes only` }];
}

/** Over all strikes of a row, 95 of 100 bots whose connection went are back in time. */
export function slowComebacks({ name, p95Ms }: Row, strikes: Strike[]): Finding[] {
  const mine = strikes.filter((strike) => strike.row === name).flatMap(({ comebacks }) => comebacks);
  const p95 = quantile(mine, 0.95);
  if (p95Ms === undefined || p95 <= p95Ms) return [];
  return [{ invariant: 'bound', what: `${name}: back after ${Math.round(p95)} ms (p95), ${p95Ms} at most` }];
}

/** Over all strikes of a row, 99 of 100 messages that are said meanwhile are acknowledged in time. */
export function slowAcks({ name, ackP99Ms }: Row, strikes: Strike[]): Finding[] {
  const p99 = quantile(
    strikes.filter((strike) => strike.row === name).flatMap(({ acks }) => acks),
    0.99,
  );
  if (ackP99Ms === undefined || p99 <= ackP99Ms) return [];
  return [{ invariant: 'bound', what: `${name}: acknowledgements p99 ${p99} ms, ${ackP99Ms} at most` }];
}
