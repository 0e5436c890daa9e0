/**
 * ms since the epoch, by the clock as it stood when this page began; whoever sets the clock afterwards changes nothing
 * here. For times that are kept across a reload; within a page, `performance.now()` is enough.
 */
export const steadyNow = (): number => performance.timeOrigin + performance.now();
