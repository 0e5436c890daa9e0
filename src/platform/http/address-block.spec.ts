import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressBlock } from './address-block.js';

describe('addressBlock', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::ffff:c000:207', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['', 'unknown'],
    ['not an address', 'unknown'],
  ])('%s -> %s', (address, block) => {
    expect(addressBlock(address)).toBe(block);
  });

  it('gives all addresses of one /64 one block, and other networks another', () => {
    const group = fc.integer({ min: 1, max: 0xfffe });
    const groups = fc.array(group, { minLength: 8, maxLength: 8 });
    const written = (g: number[]): string => g.map((n) => n.toString(16)).join(':');
    fc.assert(
      fc.property(groups, groups, (one, other) => {
        const block = addressBlock(written(one));
        expect(addressBlock(written([...one.slice(0, 4), ...other.slice(4)]))).toBe(block);
        fc.pre(one.slice(0, 4).join() !== other.slice(0, 4).join());
        expect(addressBlock(written(other))).not.toBe(block);
      }),
    );
  });
});
