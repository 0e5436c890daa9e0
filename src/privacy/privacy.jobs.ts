import { IsUUID } from 'class-validator';
import { Empty } from '../contracts/socket-requests.dto.js';
import { MAIL_JOB, defineJobs } from '../platform/queue/job-definitions.js';

class EraseUser {
  @IsUUID()
  erasureId!: string;
}

class MakeExport {
  @IsUUID()
  exportId!: string;
}

export const privacyJobs = defineJobs('privacy', {
  'user.erase': { payload: EraseUser, options: { removeOnComplete: true } },
  'export.make': { payload: MakeExport, options: { ...MAIL_JOB, removeOnComplete: true } },
  /** Finds what a lost job left behind. */
  'privacy.sweep': { payload: Empty, options: { attempts: 1 } },
});
