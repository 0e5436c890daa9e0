import { beforeAll, describe, expect, it } from 'vitest';
import { Metrics } from '../platform/metrics/metrics.js';
import { PasswordHasher } from './password-hasher.js';

describe('PasswordHasher', () => {
  const hasher = new PasswordHasher(new Metrics());
  beforeAll(() => hasher.onModuleInit());

  it('verifies what it hashed, untruncated, whatever the keyboard composed', async () => {
    const long = `${'ä'.repeat(127)}x`;
    const stored = await hasher.hash(long);
    expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(await hasher.verify(long.normalize('NFD'), stored)).toBe(true);
    expect(await hasher.verify(`${'ä'.repeat(127)}y`, stored)).toBe(false);
    expect(hasher.isOutdated(stored)).toBe(false);
    expect(hasher.isOutdated(stored.replace('t=2', 't=3'))).toBe(true);
  });

  it('reads parameters from the hash and refuses a malformed one', async () => {
    const stored = await hasher.hash('a');
    expect(await hasher.verify('a', stored.replace('t=2', 't=1'))).toBe(false);
    await expect(hasher.verify('a', stored.replace('m=19456', 'm=x'))).rejects.toThrow(/malformed/);
  });

  it('has a dummy that nothing fits, and two hashes of one password differ', async () => {
    expect(await hasher.verify('', hasher.dummyHash)).toBe(false);
    expect(await hasher.hash('same')).not.toBe(await hasher.hash('same'));
  });

  it('tells the 34th caller that there is no room', async () => {
    const all = await Promise.allSettled(Array.from({ length: 60 }, () => hasher.hash('x')));
    const refused = all.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThan(20);
    expect(refused[0]).toMatchObject({ reason: { code: 'BUSY', retryAfterMs: 1_000 } });
  });
});
