/** The one-time link of an archive: it needs the owner's session as well, so that no mail scanner can use it up. */
export const exportLink = (publicOrigin: string, token: string): string => `${publicOrigin}/api/v1/me/export/${token}`;
