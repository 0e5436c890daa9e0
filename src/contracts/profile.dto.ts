import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  Equals,
  IsArray,
  IsBoolean,
  IsIn,
  IsOptional,
  IsString,
  Length,
  ValidateNested,
} from 'class-validator';
import { AnyText } from './any-text.decorator.js';
import { LANGUAGES } from './languages.js';

export const GENDERS = ['woman', 'man', 'nonbinary'] as const;
export type Gender = (typeof GENDERS)[number];

/** Youngest first: neighbours in this list are one age band apart. */
export const AGE_BANDS = ['18-24', '25-34', '35-44', '45-54', '55+'] as const;
export type AgeBand = (typeof AGE_BANDS)[number];

/** Longest nickname and interest as sent; what counts is the length after normalisation. */
export const MAX_RAW_LENGTH = 256;

/** Whom a person would like to meet. An empty or absent list means anyone. */
export class Seeks {
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(GENDERS.length)
  @IsIn(GENDERS, { each: true })
  genders?: Gender[];

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(AGE_BANDS.length)
  @IsIn(AGE_BANDS, { each: true })
  ageBands?: AgeBand[];

  /** Rather somebody without a common language than waiting on: counts once the search is widened, and only where the other says so, too. */
  @IsOptional()
  @IsBoolean()
  anyLanguage?: boolean;
}

/** What a person says about themselves. All texts are normalised by the server (`normaliseProfile`). */
export class Profile {
  /** 1..24 code points after normalisation; absent: shown as "Stranger". */
  @IsOptional()
  @IsString()
  @Length(1, MAX_RAW_LENGTH)
  @AnyText()
  nickname?: string;

  @IsOptional()
  @IsIn(GENDERS)
  gender?: Gender;

  @IsIn(AGE_BANDS)
  ageBand!: AgeBand;

  /** 1..3 BCP 47 primary tags, the best spoken first. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(3)
  @IsIn(LANGUAGES, { each: true })
  languages!: string[];

  /** 0..10 texts of 1..24 code points after normalisation. */
  @IsArray()
  @ArrayMaxSize(10)
  @IsString({ each: true })
  @Length(1, MAX_RAW_LENGTH, { each: true })
  @AnyText()
  interests!: string[];

  @IsOptional()
  @ValidateNested()
  @Type(() => Seeks)
  seeks?: Seeks;
}

/** `POST /guests`: a profile and the confirmation of being an adult. */
export class CreateGuest extends Profile {
  @Equals(true)
  adult!: true;
}

/** `PATCH /me`: what is present replaces, what is absent stays; `null` for nickname, gender or seeks removes it. */
export class UpdateProfile {
  @IsOptional()
  @IsString()
  @Length(1, MAX_RAW_LENGTH)
  @AnyText()
  nickname?: string | null;

  @IsOptional()
  @IsIn(GENDERS)
  gender?: Gender | null;

  @IsOptional()
  @IsIn(AGE_BANDS)
  ageBand?: AgeBand;

  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(3)
  @IsIn(LANGUAGES, { each: true })
  languages?: string[];

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(10)
  @IsString({ each: true })
  @Length(1, MAX_RAW_LENGTH, { each: true })
  @AnyText()
  interests?: string[];

  @IsOptional()
  @ValidateNested()
  @Type(() => Seeks)
  seeks?: Seeks | null;
}
