import { describe, expect, it } from 'vitest';
import { secondsDue } from './queue-metrics.js';

describe('a waiting job', () => {
  it('is due when its delay is over', () => {
    const job = { timestamp: 10_000, processedOn: undefined, delay: 5_000 };
    expect(secondsDue(job, 14_000)).toBe(0);
    expect(secondsDue(job, 17_500)).toBe(2.5);
  });

  it('that failed is due when its pause is over', () => {
    expect(secondsDue({ timestamp: 10_000, processedOn: 60_000, delay: 8_000 }, 70_000)).toBe(2);
  });
});
