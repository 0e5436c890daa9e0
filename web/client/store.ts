/** A value that can be watched: what Preact, a test or a bot reads the client's state from. */
export class Store<T> {
  private readonly listeners = new Set<() => void>();

  constructor(private value: T) {}

  /** The same object until something changes. */
  getSnapshot = (): T => this.value;

  /** Calls `listener` after each change, until the returned function is called. */
  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  update(by: (value: T) => T): void {
    const next = by(this.value);
    if (next === this.value) return;
    this.value = next;
    for (const listener of this.listeners) listener();
  }

  /** Resolves with the first value that fulfils `isSo`, this one included; rejects after `timeoutMs`. */
  until<S extends T = T>(isSo: (value: T) => boolean, timeoutMs: number): Promise<S> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        if (!isSo(this.value)) return;
        clearTimeout(timer);
        unsubscribe();
        resolve(this.value as S);
      };
      const unsubscribe = this.subscribe(settle);
      const timer = setTimeout(() => {
        unsubscribe();
        reject(new Error(`not reached within ${timeoutMs} ms: ${isSo.toString()}`));
      }, timeoutMs);
      settle();
    });
  }
}
