import type { Profile } from '../../src/contracts/profile.dto.js';
import { createCookieJar } from './cookie-jar.js';
import { Stranger } from './stranger.js';
import type { StrangerOptions } from './stranger.js';

/** A stranger outside a browser, with a cookie jar of their own; not yet signed in. `origin` defaults to `baseUrl`. */
export const createStranger = (baseUrl: string, options: Partial<StrangerOptions> = {}): Stranger =>
  new Stranger({ baseUrl, origin: baseUrl, cookies: createCookieJar(), ...options });

/** A new guest, connected: for tests and bots. Close it in the end. */
export const connectStranger = async (
  baseUrl: string,
  profile: Profile,
  options: Partial<StrangerOptions> = {},
): Promise<Stranger> => {
  const stranger = createStranger(baseUrl, options);
  await stranger.arrive(profile);
  await stranger.until(({ connection, phase }) => connection === 'online' && phase !== 'unknown');
  return stranger;
};
