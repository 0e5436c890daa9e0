/** Two users must never meet again; published once, after the commit. */
export class UserBlocked {
  constructor(
    readonly blockerId: string,
    readonly blockedId: string,
  ) {}
}

/** The two may meet again, as far as no other block keeps them apart. */
export class UserUnblocked {
  constructor(
    readonly blockerId: string,
    readonly blockedId: string,
  ) {}
}
