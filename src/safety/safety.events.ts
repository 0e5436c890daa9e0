/** Two users must not meet again; published once, after the commit. */
export class UserBlocked {
  constructor(
    readonly blockerId: string,
    readonly blockedId: string,
  ) {}
}
