/** A row whose job was lost or has failed, as its sweep took it. */
export interface PutBack {
  id: string;
  /** It was put back often enough: nobody tries again before an operator has looked. */
  isGivenUp: boolean;
}

/** SQL: what may be put back now. */
export const MAY_BE_PUT_BACK = '(next_try_at IS NULL OR next_try_at <= now()) AND given_up_at IS NULL';

/** SQL: the columns that a sweep sets: the n-th time (from 0) it pauses for 10 s * 2^n, at most an hour; after `most` times it gives up. */
export const putBack = (most: number): string => `attempts = attempts + 1,
  next_try_at = now() + least(interval '1 hour', interval '10 s' * (2 ^ least(attempts, 9))),
  given_up_at = CASE WHEN attempts >= ${most} THEN now() END`;

/** SQL: what a sweep's statement returns. */
export const PUT_BACK_COLUMNS = 'id, given_up_at IS NOT NULL AS "isGivenUp"';
