/**
 * Puts `text` between the marks of that name, `<!-- mark -->` and `<!-- /mark -->`.
 * @param {string} whole @param {string} mark @param {string} text
 * @throws when the marks are not there, once each
 */
export function putBetween(whole, mark, text) {
  const [from, to] = [`<!-- ${mark} -->`, `<!-- /${mark} -->`];
  const [head, rest, ...further] = whole.split(from);
  const [, tail, ...more] = rest?.split(to) ?? [];
  if (tail === undefined || further.length + more.length > 0) throw new Error(`there is no one place for ${mark}`);
  return `${head}${from}\n\n${text}\n\n${to}${tail}`;
}
