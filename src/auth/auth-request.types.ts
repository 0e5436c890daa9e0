export type AuthRequestKind = 'registration' | 'password_reset' | 'email_change' | 'notice' | 'failed_sign_in';

/** Notices to the owner of an account, about what has happened to it. */
export type NoticeKind = 'password_changed' | 'email_changed';

/** What goes into the outbox. */
export interface NewAuthRequest {
  kind: AuthRequestKind;
  notice?: NoticeKind;
  /** As it was written; sealed at rest. */
  email: string;
  passwordHash?: string;
  /** The signed-in user who asked, if the outcome is about them. */
  userId?: string;
  /** Of that user, when they asked: any change since then voids the token. */
  credentialsVersion?: number;
  /** Over the limit of its address: nothing will come of it. */
  throttled?: boolean;
  /** Failed sign-in: the unconfirmed registration whose password was given. */
  registrationId?: string;
}

/** A row of the outbox that a worker has claimed. */
export interface ClaimedRequest {
  id: string;
  /** Of the HTTP request that put it in. */
  requestId: string | null;
  kind: AuthRequestKind;
  notice: NoticeKind | null;
  emailSealed: string;
  emailDigest: string;
  userId: string | null;
  credentialsVersion: number | null;
  throttled: boolean;
  registrationId: string | null;
  askedAt: Date;
  /** Its token was given at an earlier try, and is over: a mail would bring a dead link. */
  isLate: boolean;
}

/** A token as its row describes it, in the moment of its one use. */
export interface UsedToken {
  emailSealed: string;
  passwordHash: string | null;
  userId: string | null;
  credentialsVersion: number | null;
}
