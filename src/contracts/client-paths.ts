/** The pages of the web client: the server answers each with its one document, the client draws it by the path. */
export const CLIENT_PATHS = [
  '/',
  '/confirm',
  '/reset',
  '/email-change',
  '/sign-in',
  '/register',
  '/account',
  '/privacy',
] as const;

export type ClientPath = (typeof CLIENT_PATHS)[number];
