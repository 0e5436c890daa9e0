import { Module } from '@nestjs/common';
import { AvoidanceRepository } from './avoidance.repository.js';
import { AvoidanceService } from './avoidance.service.js';

/** What protects people from each other. */
@Module({
  providers: [AvoidanceRepository, AvoidanceService],
  exports: [AvoidanceService],
})
export class SafetyModule {}
