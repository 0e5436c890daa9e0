/** What a browser says about where a request comes from; pages cannot forge either header. */
export interface OriginFacts {
  origin: string | undefined;
  secFetchSite: string | undefined;
}

/**
 * Whether an unsafe request comes from our own pages: the exact public origin, or without an Origin header
 * `Sec-Fetch-Site: same-origin`. Neither header: no.
 */
export function isOwnOrigin({ origin, secFetchSite }: OriginFacts, publicOrigin: string): boolean {
  if (secFetchSite === 'cross-site' || secFetchSite === 'same-site') return false;
  return origin === undefined ? secFetchSite === 'same-origin' : origin === publicOrigin;
}
