import type { Identity } from '../identity/identity.types.js';

/** Tells who opens a socket. Platform knows no feature: the api's root binds auth's implementation to this port. */
export abstract class HandshakeVerifier {
  /**
   * @param cookieHeader the `Cookie` header of the upgrade request
   * @param csrfToken what the client sent as `auth.csrfToken`, unchecked
   * @throws StoaError UNAUTHENTICATED, CSRF_INVALID, SUSPENDED, UNAVAILABLE
   */
  abstract verify(cookieHeader: string | undefined, csrfToken: unknown): Promise<Identity>;
}
