/** A session that counts now. Without `userId` it is a pre-session: it only carries a CSRF token. */
export interface SessionFacts {
  readonly id: string;
  /** SHA-256 of the token, hex: what the CSRF token is bound to. */
  readonly tokenHash: string;
  readonly userId?: string;
  readonly kind?: 'guest' | 'member';
  readonly createdAt: Date;
  /** ms since its last use that was written, by Postgres' clock. */
  readonly unusedMs: number;
  readonly expiresAt: Date;
  /** The user is suspended now. */
  readonly suspended: boolean;
}

/** Who is at the door: the session, when there is one, and what to call the browser. */
export interface Visitor {
  readonly session?: SessionFacts;
  /** "Firefox on Linux" */
  readonly client: string;
  /** Over a limit that must not show: the answer is as always, and nothing comes of it. */
  readonly overQuietLimit: boolean;
}

/** A session that counts no more, and what its socket is told. */
export interface DeadSession {
  readonly sessionId: string;
  readonly reason: 'expired' | 'signed_out' | 'suspended';
}
