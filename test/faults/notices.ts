import type { Notice } from './row.types.js';

/** Messages whose answer took at least so long (ms). */
export const slowAnswers = (ms: number): Notice => ({
  what: `messages that waited ${ms} ms`,
  count: (bots, from, to) =>
    bots
      .flatMap((bot) => bot.outbox.sends)
      .filter(({ invokedAt, answeredAt }) => {
        const until = answeredAt ?? to;
        return invokedAt <= to && until >= from && until - invokedAt >= ms;
      }).length,
});

/** Connections that ended. */
export const closures: Notice = {
  what: 'connections that ended',
  count: (bots, from, to) => bots.flatMap((bot) => bot.line.closures).filter((at) => at >= from && at <= to).length,
};

/** Older connections that were closed for a newer one. */
export const supersessions: Notice = {
  what: 'older connections that were closed',
  count: (bots, from, to) =>
    bots
      .flatMap((bot) => bot.line.takeOvers)
      .filter(({ olderClosedAt = Infinity }) => olderClosedAt >= from && olderClosedAt <= to).length,
};
