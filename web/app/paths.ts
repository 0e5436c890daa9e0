/** The pages that the server answers with index.html. */
export const PATHS = [
  '/',
  '/confirm',
  '/reset',
  '/email-change',
  '/sign-in',
  '/register',
  '/account',
  '/privacy',
] as const;

export type Path = (typeof PATHS)[number];
