/** What this browser keeps between visits. */
type Kept = 'language' | 'profile';

const keyOf = (name: Kept): string => `stoa.${name}.1`;

/** Undefined when nothing is kept, or the browser keeps nothing at all. */
export const remembered = <T>(name: Kept): T | undefined => {
  try {
    return (JSON.parse(localStorage.getItem(keyOf(name)) ?? 'null') as T | null) ?? undefined;
  } catch {
    return undefined;
  }
};

export const remember = (name: Kept, value: unknown): void => {
  try {
    localStorage.setItem(keyOf(name), JSON.stringify(value));
  } catch {
    // A browser that keeps nothing: next time it is asked again.
  }
};

export const forget = (name: Kept): void => {
  try {
    localStorage.removeItem(keyOf(name));
  } catch {
    // As above.
  }
};
