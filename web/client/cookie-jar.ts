/** Keeps the cookies of one person where no browser does it: in tests and bots. */
export interface CookieJar {
  /** The value of a `Cookie` header; empty when there is none. */
  header(): string;
  /** Takes in the `Set-Cookie` lines of an answer. */
  store(setCookies: readonly string[]): void;
}

const EXPIRED = /;\s*max-age=(?:0|-\d+)(?:;|$)|;\s*expires=thu, 01 jan 1970/i;

/** A jar for one host: names and values only, removal by `Max-Age=0` or an `Expires` at the epoch. */
export const createCookieJar = (): CookieJar => {
  const cookies = new Map<string, string>();
  return {
    header: () => [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    store: (setCookies) => {
      for (const line of setCookies) {
        const pair = line.split(';', 1)[0] ?? '';
        const name = pair.slice(0, pair.indexOf('=')).trim();
        if (EXPIRED.test(line)) cookies.delete(name);
        else cookies.set(name, pair.slice(pair.indexOf('=') + 1).trim());
      }
    },
  };
};
