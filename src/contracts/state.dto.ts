import { Type } from 'class-transformer';
import { IsArray, IsBoolean, IsIn, IsInt, IsISO8601, IsOptional, IsString, Min, ValidateNested } from 'class-validator';
import { AGE_BANDS, GENDERS, Profile } from './profile.dto.js';
import type { AgeBand, Gender } from './profile.dto.js';

/** The user as they see themselves. */
export class User {
  @IsString()
  id!: string;

  @IsIn(['guest', 'member'])
  kind!: 'guest' | 'member';

  @ValidateNested()
  @Type(() => Profile)
  profile!: Profile;

  /** Members only. */
  @IsOptional()
  @IsString()
  email?: string;
}

/** `search:status`: what a waiting person is told, at start and at least every 5 s. */
export class SearchStatus {
  @IsString()
  searchId!: string;

  /** ms since the search began */
  @IsInt()
  @Min(0)
  waitedMs!: number;

  /** Median wait (ms) of the like in this pool now; null when unknown, or when nobody fits and hardly anybody is expected. */
  @IsOptional()
  @IsInt()
  @Min(0)
  estimatedWaitMs!: number | null;

  /** How many wait who fit both ways: below 10, below 100, or more. */
  @IsIn(['few', 'some', 'many'])
  poolSize!: 'few' | 'some' | 'many';

  /** What is being widened, as words: `age`, `language`; with `:in_5s` behind it when it is announced and not yet in force. */
  @IsArray()
  @IsString({ each: true })
  widened!: string[];
}

/** A search as `State` shows it: its status and its beginning. */
export class Search extends SearchStatus {
  @IsISO8601()
  since!: string;
}

/** All that a partner may ever see of a person (protocol, section 4). */
export class Partner {
  /** Chosen, or "Stranger". */
  @IsString()
  nickname!: string;

  @IsOptional()
  @IsIn(GENDERS)
  gender?: Gender;

  @IsIn(AGE_BANDS)
  ageBand!: AgeBand;

  @IsArray()
  @IsString({ each: true })
  languages!: string[];

  @IsArray()
  @IsString({ each: true })
  sharedInterests!: string[];
}

/** Whether the partner is connected; with `reconnecting` comes the end of the grace. */
export class PartnerPresence {
  @IsIn(['here', 'reconnecting'])
  state!: 'here' | 'reconnecting';

  @IsOptional()
  @IsISO8601()
  graceEndsAt?: string;
}

/** An open conversation as one of its two members sees it. */
export class Conversation {
  /** Opaque handle, made for this user and this conversation alone. */
  @IsString()
  id!: string;

  @IsISO8601()
  startedAt!: string;

  @ValidateNested()
  @Type(() => Partner)
  partner!: Partner;

  @ValidateNested()
  @Type(() => PartnerPresence)
  presence!: PartnerPresence;

  /** When silence ends the conversation. */
  @IsISO8601()
  idleEndsAt!: string;
}

/** A message as one of the two members sees it. */
export class Message {
  @IsString()
  conversationId!: string;

  /** Position in the conversation: 1, 2, 3 … without gaps, the same for both. */
  @IsInt()
  @Min(1)
  seq!: number;

  @IsIn(['you', 'partner'])
  from!: 'you' | 'partner';

  @IsString()
  text!: string;

  /** Rounded down to the second. */
  @IsISO8601()
  sentAt!: string;

  /** Only on one's own messages. */
  @IsOptional()
  @IsString()
  clientId?: string;
}

/** What a person is doing now, with all that a client needs to draw it after a reload. */
export class State {
  @IsIn(['idle', 'searching', 'chatting'])
  state!: 'idle' | 'searching' | 'chatting';

  @ValidateNested()
  @Type(() => User)
  user!: User;

  @IsOptional()
  @ValidateNested()
  @Type(() => Search)
  search?: Search;

  @IsOptional()
  @ValidateNested()
  @Type(() => Conversation)
  conversation?: Conversation;

  /** The newest 50, oldest first. */
  @IsOptional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => Message)
  messages?: Message[];

  @IsOptional()
  @IsInt()
  lastSeq?: number;
}

/** The acknowledgement of `message:send`; sent only after the commit. */
export class SentMessage {
  @IsInt()
  @Min(1)
  seq!: number;

  @IsISO8601()
  sentAt!: string;

  /** True when this `clientId` was stored before: nothing new was written. */
  @IsBoolean()
  duplicate!: boolean;
}

/** A page of messages, oldest first. */
export class MessagePage {
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => Message)
  messages!: Message[];

  @IsInt()
  @Min(0)
  lastSeq!: number;

  /** True when nothing after `after` is missing, up to `lastSeq`. */
  @IsBoolean()
  complete!: boolean;
}
