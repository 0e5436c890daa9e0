/** Whom a user must not meet now. */
export interface Avoidance {
  /** Blocked by the user, or the user by them: for ever, unless undone. */
  readonly blocked: readonly string[];
  /** Met lately, until when (ms since 1970, rounded up). */
  readonly recent: readonly RecentPartner[];
}

export interface RecentPartner {
  readonly userId: string;
  readonly untilMs: number;
}

/** Two users, in either order. */
export interface UserPair {
  readonly userA: string;
  readonly userB: string;
}
