/**
 * What one connection may leave unread (bytes) while nothing of it is read: engine.io's own buffer has no bound. A page of long texts
 * is up to three times as much in one piece, and who reads it over a slow link is not to be closed for it.
 */
export const MAX_UNREAD = 256 * 1_024;
/** What one connection may leave unread however it reads (bytes): `session:ready` and a page at their longest, and half as much. */
const MAX_EVER = 2 * 1_024 * 1_024;
/**
 * How long it may read nothing of what is unread (ms); `much`: of more than MAX_UNREAD. Not shorter: the kernel takes what is written
 * in lumps, each as large as a third of its own buffer.
 */
const MAX_STALL = { any: 10_000, much: 5_000 };
/** What all may leave unread together (bytes); memory grows by half as much again. */
const MAX_TOGETHER = 24 * 1_024 * 1_024;
/** From when on somebody is behind with at most MAX_UNREAD, and not only in the middle of reading (ms). */
const MIN_BEHIND = 2_000;
/** Less than this (bytes) is not reading: or whoever takes a byte a second would hold what they like. */
export const MIN_PROGRESS = 4 * 1_024;

/** What one connection has not read. */
export interface Backlog {
  /** bytes */
  unread: number;
  /** Since when there was always something unread (ms). */
  unreadMs: number;
  /** Since when less than MIN_PROGRESS of it was read (ms). */
  stalledMs: number;
}

/** Those to be closed: beyond a bound of their own, and, where all together are beyond theirs, who has been behind for longest. */
export function slowConsumers<B extends Backlog>(all: readonly B[]): B[] {
  const isOver = ({ unread, stalledMs }: B): boolean =>
    unread > MAX_EVER || stalledMs >= (unread > MAX_UNREAD ? MAX_STALL.much : MAX_STALL.any);
  const slow = all.filter(isOver);
  const others = all.filter((backlog) => !isOver(backlog));
  let together = others.reduce((sum, { unread }) => sum + unread, 0);
  if (together <= MAX_TOGETHER) return slow;
  const behind = others.filter(({ unread, unreadMs }) => unread > MAX_UNREAD || unreadMs >= MIN_BEHIND);
  for (const backlog of behind.toSorted((a, b) => b.unreadMs - a.unreadMs)) {
    if (together <= MAX_TOGETHER) break;
    slow.push(backlog);
    together -= backlog.unread;
  }
  return slow;
}
