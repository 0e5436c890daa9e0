import { Module } from '@nestjs/common';
import { ChatModule } from '../chat/chat.module.js';
import { AvoidanceRepository } from './avoidance.repository.js';
import { AvoidanceService } from './avoidance.service.js';
import { BlockRepository } from './block.repository.js';
import { BlockService } from './block.service.js';
import { ReportRepository } from './report.repository.js';
import { ReportService } from './report.service.js';

/** What protects people from each other: blocks, reports, and who must not meet whom. */
@Module({
  imports: [ChatModule],
  providers: [AvoidanceRepository, AvoidanceService, BlockRepository, BlockService, ReportRepository, ReportService],
  exports: [AvoidanceService, BlockService, ReportService],
})
export class SafetyModule {}
