import { IsString, Length } from 'class-validator';
import { Empty } from '../contracts/socket-requests.dto.js';
import { defineJobs } from '../platform/queue/job-definitions.js';

/** Members went away: look whose grace is over. Of several conversations whose graces end together, it names the first. */
export class AbandonConversation {
  @IsString()
  @Length(1, 20)
  conversationId!: string;
}

/** A run that fails is not worth another try: the next one is near. */
const periodic = { options: { attempts: 1 } };

/** What is forgotten, and when. */
export const cleanupJobs = defineJobs('cleanup', {
  'conversation.abandon': { payload: AbandonConversation },
  /** Finds the abandoned, the silent, and those whose process died without a word. */
  'conversation.sweep': { payload: Empty, ...periodic },
  'retention.run': { payload: Empty, ...periodic },
  'partition.keep': { payload: Empty, ...periodic },
  'session.expire': { payload: Empty, ...periodic },
  /** Finished jobs, by age: the dead letters too. */
  'job.forget': { payload: Empty, ...periodic },
});
