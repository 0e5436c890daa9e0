import { Type } from 'class-transformer';
import { IsArray, IsBoolean, IsISO8601, IsOptional, IsString, Matches, ValidateNested } from 'class-validator';
import { User } from './state.dto.js';

/** `GET /csrf` */
export class CsrfToken {
  @IsString()
  csrfToken!: string;
}

/** The signed-in user, with the CSRF token of the session. */
export class Me {
  @ValidateNested()
  @Type(() => User)
  user!: User;

  @IsString()
  csrfToken!: string;
}

/** One signed-in browser. */
export class SessionView {
  @IsString()
  id!: string;

  @IsISO8601()
  createdAt!: string;

  @IsISO8601()
  lastSeenAt!: string;

  /** True for the session that asks. */
  @IsBoolean()
  current!: boolean;

  /** Coarse, for recognition: "Firefox on Linux". */
  @IsString()
  client!: string;
}

/** `GET /sessions` */
export class SessionList {
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => SessionView)
  sessions!: SessionView[];
}

/** `GET /conversations/:id/messages`: a query's values are texts. */
export class HistoryQuery {
  /** Messages after this seq; default 0. */
  @IsOptional()
  @Matches(/^\d{1,9}$/)
  after?: string;

  /** 1..100; default 100. */
  @IsOptional()
  @Matches(/^([1-9]\d?|100)$/)
  limit?: string;
}
