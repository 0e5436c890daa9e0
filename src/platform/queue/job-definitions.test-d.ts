import { IsString } from 'class-validator';
import { defineJobs } from './job-definitions.js';
import type { JobHandlers } from './job-definitions.js';
import type { JobProducer } from './job-producer.js';

// The typed seam of the queue, held by the compiler: each line below must be an error, or `tsc` fails.
class Expire {
  @IsString()
  sessionId!: string;
}
class Sweep {}
const jobs = defineJobs('example', {
  expire: { payload: Expire, id: ({ sessionId }) => sessionId },
  sweep: { payload: Sweep },
});

export const complete: JobHandlers<typeof jobs> = {
  expire: async ({ sessionId }) => sessionId.length,
  sweep: async () => {},
};

// @ts-expect-error a job without a handler
export const missing: JobHandlers<typeof jobs> = { expire: async () => {} };

export const wrong: JobHandlers<typeof jobs> = {
  // @ts-expect-error a payload without this field
  expire: async ({ userId }) => userId,
  sweep: async () => {},
};

export async function produce(producer: JobProducer): Promise<void> {
  await producer.add(jobs, 'expire', { sessionId: 'x' });
  // @ts-expect-error a wrong payload
  await producer.add(jobs, 'expire', { sessionId: 5 });
  // @ts-expect-error an unknown job
  await producer.add(jobs, 'nap', {});
}
