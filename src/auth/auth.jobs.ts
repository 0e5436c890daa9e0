import { IsUUID } from 'class-validator';
import { defineJobs } from '../platform/queue/job-definitions.js';

/** Ids only: what is to be done stands in the row. */
export class HandleRequest {
  @IsUUID()
  requestId!: string;
}

/** Nothing: the job finds its work by itself. */
export class SweepAuth {}

export const authJobs = defineJobs('auth', {
  // Done ones go at once: the same request may have to be handled again after a crash.
  'request.handle': { payload: HandleRequest, options: { removeOnComplete: true } },
  'auth.sweep': { payload: SweepAuth, options: { attempts: 1, removeOnComplete: true, removeOnFail: true } },
});
