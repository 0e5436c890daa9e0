import { IsIn, IsInt, IsISO8601, IsString, Max, Min } from 'class-validator';
import { PartnerPresence } from './state.dto.js';

/** Why a conversation ended, as its members may know it; a ban or a report looks like `ended`. */
export const END_REASONS = ['partner_left', 'you_left', 'timeout', 'ended'] as const;
export type EndReason = (typeof END_REASONS)[number];

export const REVOKE_REASONS = ['expired', 'signed_out', 'suspended'] as const;
export type RevokeReason = (typeof REVOKE_REASONS)[number];

/** `session:superseded`: this user is live elsewhere now; then the socket closes and must not reconnect by itself. */
export class Superseded {
  @IsISO8601()
  at!: string;
}

/** `session:revoked`; then the socket closes. */
export class Revoked {
  @IsIn(REVOKE_REASONS)
  reason!: RevokeReason;
}

/** `message:seen`: the partner has seen everything up to `seq`. */
export class SeenMark {
  @IsString()
  conversationId!: string;

  @IsInt()
  @Min(1)
  seq!: number;
}

/** `typing:changed` */
export class TypingMark {
  @IsString()
  conversationId!: string;

  @IsIn([true, false])
  typing!: boolean;
}

/** `partner:presence` */
export class PresenceMark extends PartnerPresence {
  @IsString()
  conversationId!: string;
}

/** `conversation:ended` */
export class ConversationEnd {
  @IsString()
  conversationId!: string;

  @IsIn(END_REASONS)
  reason!: EndReason;
}

/** `server:draining`: reconnect elsewhere after this many ms; nothing is lost. */
export class Draining {
  @IsInt()
  @Min(0)
  @Max(60_000)
  reconnectInMs!: number;
}

/** `server:notice`: degraded search, rate limit strikes. */
export class Notice {
  @IsString()
  code!: string;

  @IsString()
  message!: string;
}
