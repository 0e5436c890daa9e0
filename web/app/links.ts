/** A piece of a message: plain text, or an address that may be opened. */
export type Piece = { text: string } | { text: string; url: string };

const LINK = /https?:\/\/[^\s<>"']{1,2000}/gi;
/** What ends a sentence around an address, and does not belong to it. */
const TRAILING = /[.,;:!?)\]}»”’…·]{1,20}$/;

/** Cuts a text into plain pieces and http(s) addresses, in order; joined again they are the text. */
export const splitLinks = (text: string): Piece[] => {
  const pieces: Piece[] = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(LINK)) {
    const address = trimmed(found);
    if (!URL.canParse(address)) continue;
    if (index > end) pieces.push({ text: text.slice(end, index) });
    pieces.push({ text: address, url: new URL(address).href });
    end = index + address.length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end) });
  return pieces;
};

/** A closing bracket stays when the address opened it: https://en.wikipedia.org/wiki/Stoa_(disambiguation) */
const trimmed = (address: string): string => {
  const bare = address.replace(TRAILING, '');
  const rest = address.slice(bare.length);
  return rest.startsWith(')') && bare.includes('(') ? `${bare})` : bare;
};
