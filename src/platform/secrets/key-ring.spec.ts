import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SecretKey } from '../../config/config.types.js';
import { KeyRing } from './key-ring.js';

const aKey = (kid: string): SecretKey => ({ kid, secret: randomBytes(32) });
const aRing = (...keys: SecretKey[]): KeyRing => new KeyRing({ keys } as never);

describe('KeyRing', () => {
  const [old, young] = [aKey('old'), aKey('young')];
  const [before, during, after] = [aRing(old), aRing(young, old), aRing(young)];

  it('reads what an older key made, until that key leaves the ring', () => {
    const signature = before.sign('csrf', 'x');
    expect(during.verify('csrf', 'x', signature)).toBe(true);
    expect(after.verify('csrf', 'x', signature)).toBe(false);
    expect(during.unseal('mail', before.seal('mail', 'a@b.c'))).toBe('a@b.c');
    expect(() => after.unseal('mail', before.seal('mail', 'a@b.c'))).toThrow();
  });

  it('keeps purposes and texts apart', () => {
    const signature = during.sign('csrf', 'x');
    expect(during.verify('csrf', 'y', signature)).toBe(false);
    expect(during.verify('other', 'x', signature)).toBe(false);
    expect(() => during.unseal('other', during.seal('mail', 'x'))).toThrow();
    expect(during.digest('a', 'x')).not.toBe(during.digest('b', 'x'));
  });

  it('names a text by every key, the first first', () => {
    expect(during.digests('email', 'a@b.c')).toEqual([young, old].map((key) => aRing(key).digest('email', 'a@b.c')));
    expect(during.digests('email', 'a@b.c')[0]).toBe(during.digest('email', 'a@b.c'));
  });

  it('refuses every other signature without an error', () => {
    const good = during.sign('csrf', 'x');
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constant(null), fc.integer(), fc.object()), (signature) => {
        expect(during.verify('csrf', 'x', signature)).toBe(signature === good);
      }),
    );
    for (const bad of ['', '.', 'young.', `${good}x`, good.slice(0, -2), `old${good.slice(5)}`])
      expect(during.verify('csrf', 'x', bad)).toBe(false);
  });
});
