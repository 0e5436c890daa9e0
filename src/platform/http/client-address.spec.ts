import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { ClientAddress } from './client-address.js';

const aRequest = (remoteAddress: string, forwarded?: string): IncomingMessage =>
  ({ socket: { remoteAddress }, headers: forwarded ? { 'x-forwarded-for': forwarded } : {} }) as never;
const behind = (...trustProxy: string[]): ClientAddress =>
  new ClientAddress({ trustProxy } as never, { current: () => Buffer.alloc(32) } as never);

describe('ClientAddress', () => {
  it('believes no header without a trusted proxy', () => {
    expect(behind().blockOf(aRequest('192.0.2.7', '203.0.113.9'))).toBe('192.0.2.7');
  });

  it('takes what the trusted proxy wrote, not what the client put before it', () => {
    const address = behind('10.0.0.0/8');
    expect(address.blockOf(aRequest('10.1.2.3', '198.51.100.1, 203.0.113.9'))).toBe('203.0.113.9');
    expect(address.blockOf(aRequest('10.1.2.3', '198.51.100.1, 203.0.113.9, 10.9.9.9'))).toBe('203.0.113.9');
    expect(address.blockOf(aRequest('192.0.2.7', '203.0.113.9'))).toBe('192.0.2.7');
  });

  it('never shows the address in its digest, and gives a /64 one', () => {
    const address = behind();
    const digest = address.digestOf(aRequest('2001:db8:1:2::1'));
    expect(digest).toMatch(/^[\da-f]{32}$/);
    expect(address.digestOf(aRequest('2001:db8:1:2:ffff::9'))).toBe(digest);
    expect(address.digestOf(aRequest('2001:db8:1:3::1'))).not.toBe(digest);
  });
});
