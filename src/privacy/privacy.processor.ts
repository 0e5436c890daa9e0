import { Injectable } from '@nestjs/common';
import type { JobHandlers } from '../platform/queue/job-definitions.js';
import { JobProducer } from '../platform/queue/job-producer.js';
import { Processor } from '../platform/queue/processor.decorator.js';
import type { JobProcessor } from '../platform/queue/processor.decorator.js';
import { Eraser } from './eraser.js';
import { ErasureService } from './erasure.service.js';
import { ExportMaker } from './export-maker.js';
import { ExportService } from './export.service.js';
import { privacyJobs } from './privacy.jobs.js';

/** ms between two sweeps */
const SWEEP_INTERVAL = 10_000;

@Processor()
@Injectable()
export class PrivacyProcessor implements JobProcessor<typeof privacyJobs> {
  readonly queue = privacyJobs;

  readonly handlers: JobHandlers<typeof privacyJobs> = {
    'user.erase': ({ erasureId }) => this.eraser.erase(erasureId),
    'export.make': ({ exportId }) => this.maker.make(exportId),
    'privacy.sweep': () => Promise.all([this.erasures.resume(), this.exports.resume()]),
  };

  constructor(
    private readonly erasures: ErasureService,
    private readonly exports: ExportService,
    private readonly eraser: Eraser,
    private readonly maker: ExportMaker,
    private readonly producer: JobProducer,
  ) {}

  schedule(): Promise<void> {
    return this.producer.schedule(privacyJobs, 'privacy.sweep', SWEEP_INTERVAL, {});
  }
}
