/** SQL: the day that it is for Postgres, in UTC. What is kept by the day goes by it, never by the clock of a process. */
export const UTC_TODAY = `(now() AT TIME ZONE 'UTC')::date`;
