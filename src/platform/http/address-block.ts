import { isIPv4, isIPv6 } from 'node:net';

/**
 * What one subscriber holds of the address space: the whole IPv4 address, the /64 of an IPv6 address.
 * An IPv4 address inside IPv6 (`::ffff:192.0.2.1`) counts as IPv4.
 */
export function addressBlock(address: string): string {
  const plain = address.split('%')[0] ?? '';
  if (isIPv4(plain)) return plain;
  if (!isIPv6(plain)) return 'unknown';
  const groups = expand(plain);
  if (groups.slice(0, 5).every((g) => g === 0) && groups[5] === 0xffff) return ipv4Of(groups);
  return `${groups
    .slice(0, 4)
    .map((g) => g.toString(16))
    .join(':')}::/64`;
}

/** The eight 16-bit groups of a valid IPv6 address. */
function expand(address: string): number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const [, head = '', a, b, c, d] = dotted ?? [];
  const hex = dotted ? `${head}${pair(a, b)}:${pair(c, d)}` : address;
  const [left = '', right] = hex.split('::');
  const before = groupsOf(left);
  const after = groupsOf(right ?? '');
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}

const groupsOf = (part: string): number[] => (part === '' ? [] : part.split(':').map((g) => Number.parseInt(g, 16)));
const pair = (high = '0', low = '0'): string => (Number(high) * 256 + Number(low)).toString(16);
const ipv4Of = ([, , , , , , high = 0, low = 0]: number[]): string =>
  [high >> 8, high & 255, low >> 8, low & 255].join('.');
