/** What one connection may leave unread (bytes): engine.io's own buffer has no bound. */
export const MAX_UNREAD = 256 * 1_024;
/** How long it may leave anything unread (ms). */
const MAX_STALL = 10_000;
/** What all may leave unread together (bytes); memory grows by half as much again. */
const MAX_TOGETHER = 24 * 1_024 * 1_024;
/** From when on somebody does not read, and is not only in the middle of it (ms). */
const MIN_STALL = 2_000;

/** What one connection has not read. */
export interface Backlog {
  /** bytes */
  unread: number;
  /** Since when there was always something unread (ms). */
  stalledMs: number;
}

/** Those to be closed: beyond a bound of their own, and, where all together are beyond theirs, who has not read for longest. */
export function slowConsumers<B extends Backlog>(all: readonly B[]): B[] {
  const isOver = ({ unread, stalledMs }: B): boolean => unread > MAX_UNREAD || stalledMs >= MAX_STALL;
  const slow = all.filter(isOver);
  const others = all.filter((backlog) => !isOver(backlog));
  let together = others.reduce((sum, { unread }) => sum + unread, 0);
  if (together <= MAX_TOGETHER) return slow;
  const stalled = others.filter(({ stalledMs }) => stalledMs >= MIN_STALL);
  for (const backlog of stalled.toSorted((a, b) => b.stalledMs - a.stalledMs)) {
    if (together <= MAX_TOGETHER) break;
    slow.push(backlog);
    together -= backlog.unread;
  }
  return slow;
}
