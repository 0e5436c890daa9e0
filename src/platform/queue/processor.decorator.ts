import { DiscoveryService } from '@nestjs/core';
import type { JobHandlers, QueueDefinition } from './job-definitions.js';

/** The door of a queue: one class that owns a queue and answers each of its jobs. */
export interface JobProcessor<Queue extends QueueDefinition = QueueDefinition> {
  readonly queue: Queue;
  readonly handlers: JobHandlers<Queue>;
  /** Jobs of this queue at once in one process; default 4. */
  readonly concurrency?: number;
  /** Called once at start of a worker process: the place to schedule what runs by itself. */
  schedule?(): Promise<void>;
}

/** Marks a `JobProcessor`; only the worker's root module lists such classes. */
export const Processor = DiscoveryService.createDecorator<undefined>();
