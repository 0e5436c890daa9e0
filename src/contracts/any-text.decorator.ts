/** Prototype of a class -> its fields that are so marked. */
const marked = new WeakMap<object, Set<string | symbol>>();

/** Marks a text that may hold NUL on the wire: who takes it hashes it, drops NUL from it, or never asks Postgres for such a one. */
export const AnyText = (): PropertyDecorator => (prototype, property) => {
  marked.set(prototype, (marked.get(prototype) ?? new Set()).add(property));
};

/** Whether the field of the class, or of one that it extends, is so marked. */
export function isAnyText(dto: abstract new () => object, property: string): boolean {
  for (let at = dto.prototype as object | null; at; at = Object.getPrototypeOf(at) as object | null)
    if (marked.get(at)?.has(property)) return true;
  return false;
}
