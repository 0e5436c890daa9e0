import { IsUUID } from 'class-validator';
import { Empty } from '../contracts/socket-requests.dto.js';
import { MAIL_JOB, defineJobs } from '../platform/queue/job-definitions.js';

/** Ids only: what is to be done stands in the row. */
class HandleRequest {
  @IsUUID()
  requestId!: string;
}

export const authJobs = defineJobs('auth', {
  // Done ones go at once: the same request may have to be handled again after a crash.
  'request.handle': { payload: HandleRequest, options: { ...MAIL_JOB, removeOnComplete: true } },
  'auth.sweep': { payload: Empty, options: { attempts: 1, removeOnComplete: true } },
});
