/** Languages offered for a profile, as BCP 47 primary tags; a browser's own are offered besides. */
const OFFERED = (
  'ar be bg bn bs ca cs cy da de el en es et eu fa fi fil fr ga gl gu he hi hr hu hy id is it ja ka kk km kn ko ku ky ' +
  'lo lt lv mk ml mn mr ms mt my nb ne nl pa pl ps pt ro ru si sk sl sq sr sv sw ta te th tr uk ur uz vi yo zh zu'
).split(' ');

/** The primary tags of a browser's languages, each once, at most three. */
export const guessSpoken = (tags: readonly string[]): string[] => {
  const primary = tags.map((tag) => (tag.split('-', 1)[0] ?? '').toLowerCase());
  const known = primary.map((tag) => (tag === 'no' ? 'nb' : tag)).filter((tag) => OFFERED.includes(tag));
  return [...new Set(known)].slice(0, 3);
};

/** The name of a spoken language in the language of the page: "Greek", «Ελληνικά». */
export const languageName = (tag: string, language: string): string => {
  const name = new Intl.DisplayNames(language, { type: 'language' }).of(tag) ?? tag;
  return name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
};

/** All that can be chosen, with their names, in the order of the names. */
export const offeredLanguages = (language: string): { tag: string; name: string }[] =>
  OFFERED.map((tag) => ({ tag, name: languageName(tag, language) })).sort((a, b) =>
    a.name.localeCompare(b.name, language),
  );
