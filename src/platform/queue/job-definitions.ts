import type { JobsOptions } from 'bullmq';

/** A class whose validated instances are the payload: ids and plain facts, never rows or texts. */
export type PayloadClass<Payload> = new () => Payload;

/** One kind of job. */
export interface JobDefinition<Payload extends object> {
  payload: PayloadClass<Payload>;
  /** Two jobs with one id are one job while the first is kept. No ':' in it. */
  id?: (payload: Payload) => string;
  /** `attempts` and `backoff` at least; the defaults are 5 attempts, exponential from 1 s. */
  options?: JobsOptions;
}

/**
 * Of a job that mails: tries after 1, 2, 4 … 256 s, eight and a half minutes in all. Servers that greylist put off whom they do not
 * know for some minutes, and the shortest-lived link lives ten. Beyond that its sweep goes on.
 */
export const MAIL_JOB = { attempts: 10, backoff: { type: 'exponential', delay: 1_000 } } as const satisfies JobsOptions;

// oxlint-disable-next-line typescript/no-explicit-any -- the payload differs by job; PayloadOf recovers it
export type JobMap = Record<string, JobDefinition<any>>;

/** All jobs of one queue, declared once; producer and consumer share the types. */
export interface QueueDefinition<Jobs extends JobMap = JobMap> {
  readonly queue: string;
  readonly jobs: Jobs;
}

export type PayloadOf<Queue extends QueueDefinition, Name extends keyof Queue['jobs']> =
  Queue['jobs'][Name] extends JobDefinition<infer Payload> ? Payload : never;

/** One handler for every job of the queue: a missing one does not compile. Handlers are repeatable. */
export type JobHandlers<Queue extends QueueDefinition> = {
  [Name in keyof Queue['jobs']]: (payload: PayloadOf<Queue, Name>, run: JobRun) => Promise<unknown>;
};

/** What a handler may know of its run. */
export interface JobRun {
  readonly id: string;
  /** 1 on the first try. */
  readonly attempt: number;
  /** Aborted when the process drains: a long handler stops at its next step and lets another run go on. */
  readonly signal: AbortSignal;
}

/** Declares the jobs of a queue: `defineJobs('cleanup', { 'session.expire': { payload: ExpireSession } })`. */
export const defineJobs = <Jobs extends JobMap>(queue: string, jobs: Jobs): QueueDefinition<Jobs> => ({ queue, jobs });
