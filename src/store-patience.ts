import { setTimeout as sleep } from 'node:timers/promises';

/** Between two looks at a store that is not there (ms). */
const PAUSE = 500;

interface Patience {
  /** How long a store may be away (ms). */
  ms: number;
  /** ms; never jumps */
  now?: () => number;
  pause?: (ms: number) => Promise<unknown>;
}

/**
 * Inspects a store until it answers.
 * @throws the failure that no waiting mends, at once; any other that comes when the patience is over
 */
export async function patiently<T>(inspect: () => Promise<T>, patience: Patience): Promise<T> {
  const { ms, now = () => performance.now(), pause = sleep } = patience;
  const deadline = now() + ms;
  for (;;) {
    try {
      return await inspect();
    } catch (error) {
      if (isHopeless(error) || now() > deadline) throw error;
      await pause(PAUSE);
    }
  }
}

/** A wrong password, user, database or right does not mend by waiting: SQLSTATE 28…, 3D… and 42501, and what Redis says. */
export function isHopeless(error: unknown): boolean {
  const { code, message } = error as { code?: string; message: string };
  return /^(28|3D|42501)/.test(code ?? '') || /WRONGPASS|NOAUTH|NOPERM/.test(message);
}
