/** A string of valid JSON, or a mark that changes the depth or the place. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;

/**
 * Whether an object of valid JSON names a key twice: parsers disagree on which one counts, so neither does.
 * Linear in the text; escapes are read (`"\u0061"` is `"a"`).
 */
export function hasDuplicateKeys(json: string): boolean {
  // The keys of each open object; an array has none.
  const open: (Set<string> | undefined)[] = [];
  let lastText = '';
  for (const [token] of json.matchAll(TOKEN)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') {
      const keys = open.at(-1);
      const key = JSON.parse(lastText) as string;
      if (keys?.has(key)) return true;
      keys?.add(key);
    } else lastText = token;
  }
  return false;
}
