/**
 * How long a column by slot is made where the pool has grown to so many slots: half as long again. Where 100,000 wait, to make the
 * columns anew takes a tenth of a second, which the next one to come must not cost again.
 */
export const roomFor = (slots: number): number => Math.ceil(1.5 * slots);
