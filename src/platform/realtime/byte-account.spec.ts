import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteAccount } from './byte-account.js';

const RATE = { byteMs: 0.5, burst: 1_000 };

describe('ByteAccount', () => {
  it('lets the burst pass at once, and then what the time has paid for', () => {
    const account = new ByteAccount(RATE);
    expect(account.charge(1_000, 0)).toBe(true);
    expect(account.charge(10, 5)).toBe(true);
    expect(account.charge(1, 5)).toBe(false);
  });

  it('never lets more pass than the burst and what the time has paid for', () => {
    const sent = fc.array(fc.record({ bytes: fc.nat(700), waitMs: fc.nat(200) }), { maxLength: 50 });
    fc.assert(
      fc.property(sent, (frames) => {
        const account = new ByteAccount(RATE);
        let [now, passed] = [0, 0];
        for (const { bytes, waitMs } of frames) {
          now += waitMs;
          if (!account.charge(bytes, now)) break;
          passed += bytes;
        }
        expect(passed).toBeLessThanOrEqual(RATE.burst + now / RATE.byteMs);
      }),
    );
  });
});
