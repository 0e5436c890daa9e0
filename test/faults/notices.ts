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
