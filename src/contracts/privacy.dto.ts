import { IsIn, IsISO8601, IsOptional, IsString } from 'class-validator';

/** `DELETE /me`: the erasure goes on by itself; the receipt names it and nobody. */
export class ErasureAccepted {
  @IsString()
  receipt!: string;
}

/** `GET /me/export`: the newest archive that was asked for. */
export class ExportStatus {
  @IsIn(['none', 'preparing', 'ready', 'fetched', 'expired'])
  status!: 'none' | 'preparing' | 'ready' | 'fetched' | 'expired';

  /** Guests only: the one-time link, for the session that asks. A member's comes by mail. */
  @IsOptional()
  @IsString()
  link?: string;

  @IsOptional()
  @IsISO8601()
  expiresAt?: string;
}
