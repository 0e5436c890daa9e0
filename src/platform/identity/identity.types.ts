/** Who acts: proven by the session, never by what a client says. One object for one HTTP request or one connection. */
export interface Identity {
  readonly userId: string;
  readonly sessionId: string;
  readonly kind: 'guest' | 'member';
}
