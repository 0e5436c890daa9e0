import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { AnyText } from './any-text.decorator.js';
import { LANGUAGES } from './languages.js';
import { MAX_RAW_LENGTH, Seeks } from './profile.dto.js';

/** The largest `seq` that the wire carries: Postgres `integer`. */
export const MAX_SEQ = 2_147_483_647;

/** Messages in one page of a sync. */
export const MAX_SYNC_LIMIT = 100;

/** Longest text of a message in code points, after normalisation. */
export const MAX_TEXT_CODE_POINTS = 2_000;

// Both cases spelled out: JSON Schema patterns have no flags.
const UUID = /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;

/** An event without input. */
export class Empty {}

/** `search:start`: absent fields default to the profile's. */
export class StartSearch {
  @IsOptional()
  @ValidateNested()
  @Type(() => Seeks)
  seeks?: Seeks;

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(10)
  @IsString({ each: true })
  @Length(1, MAX_RAW_LENGTH, { each: true })
  @AnyText()
  interests?: string[];

  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(3)
  @IsIn(LANGUAGES, { each: true })
  languages?: string[];
}

/** What every event about a conversation carries: the caller's own handle of it. */
export class OfConversation {
  @IsString()
  @Length(1, 64)
  @AnyText()
  conversationId!: string;
}

/** `message:send`. The server normalises the text and then allows 1..2,000 code points. */
export class SendMessage extends OfConversation {
  /** Idempotency key, chosen by the client, unique in its conversation. */
  @Matches(UUID)
  clientId!: string;

  /** Checked exactly after normalisation; this bound only keeps work small (code points). */
  @IsString()
  @MaxLength(8_192)
  text!: string;
}

/** `message:seen`: everything up to and including `seq` was shown. */
export class MarkSeen extends OfConversation {
  @IsInt()
  @Min(1)
  @Max(MAX_SEQ)
  seq!: number;
}

/** `typing:set` */
export class SetTyping extends OfConversation {
  @IsBoolean()
  typing!: boolean;
}

/** `conversation:sync`: the messages after `after`, oldest first. */
export class SyncConversation extends OfConversation {
  @IsInt()
  @Min(0)
  @Max(MAX_SEQ)
  after!: number;

  /** Default and maximum 100. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_SYNC_LIMIT)
  limit?: number;
}

/** `conversation:leave`; `next` starts a new search at once. */
export class LeaveConversation extends OfConversation {
  @IsOptional()
  @IsBoolean()
  next?: boolean;
}

/** `conversation:rate`: once, up to 24 h after the end. */
export class RateConversation extends OfConversation {
  @IsBoolean()
  good!: boolean;
}
