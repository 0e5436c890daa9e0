import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { ChatModule } from '../chat/chat.module.js';
import { MatchingModule } from '../matching/matching.module.js';
import { Eraser } from './eraser.js';
import { ErasureRepository } from './erasure.repository.js';
import { ErasureService } from './erasure.service.js';
import { ExportMaker } from './export-maker.js';
import { ExportRepository } from './export.repository.js';
import { ExportService } from './export.service.js';

/** What a person may ask of us about their data: a copy of it, and to be forgotten. */
@Module({
  imports: [AuthModule, ChatModule, MatchingModule],
  providers: [Eraser, ErasureRepository, ErasureService, ExportMaker, ExportRepository, ExportService],
  exports: [Eraser, ErasureService, ExportMaker, ExportService],
})
export class PrivacyModule {}
