import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsISO8601,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { MAX_SEQ } from './socket-requests.dto.js';

/** Messages that a report may name, and that one without names takes along. */
export const MAX_EVIDENCE = 50;

/** Somebody whom the caller blocked. */
export class BlockView {
  @IsString()
  id!: string;

  /** As the caller knew them. */
  @IsString()
  nickname!: string;

  @IsISO8601()
  createdAt!: string;
}

/** `GET /blocks`, newest first. */
export class BlockList {
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => BlockView)
  blocks!: BlockView[];
}

/** `POST /conversations/:id/reports` */
export class ReportConversation {
  /** A word for what happened: `harassment`, `spam`, `minor`, `other`. */
  @IsString()
  @Length(1, 64)
  reason!: string;

  @IsOptional()
  @IsString()
  @MaxLength(2_000)
  note?: string;

  /** The messages that it is about; absent or empty: the newest. */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MAX_EVIDENCE)
  @IsInt({ each: true })
  @Min(1, { each: true })
  @Max(MAX_SEQ, { each: true })
  seqs?: number[];
}

/** What a reporter may quote later. */
export class ReportReceipt {
  @IsString()
  receipt!: string;
}
