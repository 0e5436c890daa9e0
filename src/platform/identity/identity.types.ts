/** Who acts: proven by the session, never by what a client says. */
export interface Identity {
  readonly userId: string;
  readonly sessionId: string;
  readonly kind: 'guest' | 'member';
}
