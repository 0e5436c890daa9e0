import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

interface LockedPackage {
  version?: string;
  resolved?: string;
  integrity?: string;
  link?: boolean;
  hasInstallScript?: boolean;
}
const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, LockedPackage> };

const isAtLeast = (version: string, floor: string): boolean => {
  const [have, want] = [version, floor].map((text) => text.split('.').map(Number));
  for (const [i, part] of (want ?? []).entries()) if (have?.[i] !== part) return (have?.[i] ?? 0) > part;
  return true;
};

describe('the supply chain', () => {
  // security.md 1.10 D1: versions below these have published holes.
  it.each([
    ['ws', '8.21.0', 'CVE-2026-48779 tiny fragments, CVE-2026-45736'],
    ['socket.io-parser', '4.2.6', 'limit on attachments'],
    ['socket.io', '4.6.2', 'CVE-2024-38355'],
  ])('has no %s below %s (%s), in the lock and as installed', (name, floor) => {
    const locked = Object.entries(packages).filter(([path]) => path.endsWith(`node_modules/${name}`));
    expect(locked.length).toBeGreaterThan(0);
    for (const [, { version = '0' }] of locked) expect(isAtLeast(version, floor)).toBe(true);
    const installed = JSON.parse(read(`node_modules/${name}/package.json`)) as { version: string };
    expect(isAtLeast(installed.version, floor)).toBe(true);
  });

  it('has the digest of every package in the lock, and no address but the registry that npm is set to', () => {
    const foreign = Object.entries(packages).filter(
      ([path, { integrity, resolved, link }]) =>
        path !== '' && !link && (!integrity?.startsWith('sha512-') || resolved),
    );
    expect(foreign.map(([path]) => path)).toEqual([]);
  });

  it('runs no install script, and names every package that has one, and no other', () => {
    const { allowScripts } = JSON.parse(read('package.json')) as { allowScripts: Record<string, boolean> };
    const scripted = Object.entries(packages).filter(([, { hasInstallScript }]) => hasInstallScript);
    const names = new Set(scripted.map(([path]) => path.split('node_modules/').at(-1)));
    expect(new Set(Object.keys(allowScripts))).toEqual(names);
    expect(Object.values(allowScripts)).not.toContain(true);
  });

  it('knows which version is higher', () => {
    expect([isAtLeast('8.21.0', '8.21.0'), isAtLeast('8.20.9', '8.21.0'), isAtLeast('9.0.0', '8.21.0')]).toEqual([
      true,
      false,
      true,
    ]);
  });
});
