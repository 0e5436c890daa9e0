/** Sessions that no longer count: their sockets close with `session:revoked`. */
export class SessionRevoked {
  constructor(
    readonly sessionIds: readonly string[],
    readonly userId: string,
    readonly reason: 'expired' | 'signed_out' | 'suspended',
  ) {}
}

/** What a person says about themselves is different now. */
export class ProfileChanged {
  constructor(readonly userId: string) {}
}
