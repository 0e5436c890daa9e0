/** A user took a block back; published once, after the commit. The other one may have blocked, too. */
export class UserUnblocked {
  constructor(
    readonly blockerId: string,
    readonly blockedId: string,
  ) {}
}

/** Two users must not meet again; published once, after the commit. */
export class UserBlocked {
  constructor(
    readonly blockerId: string,
    readonly blockedId: string,
  ) {}
}
