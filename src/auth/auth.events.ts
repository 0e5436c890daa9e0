/** Sessions that no longer count: their sockets close with `session:revoked`. */
export class SessionRevoked {
  constructor(
    readonly sessionIds: readonly string[],
    readonly userId: string,
    readonly reason: 'expired' | 'signed_out' | 'suspended',
  ) {}
}

/** A person asked to be forgotten; their sessions have ended, the rest follows in a job. */
export class UserErased {
  constructor(readonly userId: string) {}
}

/** What a person says about themselves is different now. */
export class ProfileChanged {
  constructor(readonly userId: string) {}
}
