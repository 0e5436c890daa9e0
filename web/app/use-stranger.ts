import { useEffect, useState } from 'preact/hooks';
import { Stranger } from '../client/stranger.js';
import type { Snapshot } from '../client/snapshot.js';
import { asStoaError } from '../client/stoa-error.js';
import type { FailureCode } from '../client/stoa-error.js';

const tabStorage = (): Storage | undefined => {
  try {
    return sessionStorage;
  } catch {
    return undefined;
  }
};

const storage = tabStorage();

/** This page's side of the conversation. */
export const stranger = new Stranger({ baseUrl: '', ...(storage && { storage }) });

// A goodbye: without it the server cannot tell a closed tab from a lost network, and learns nothing of how long people are willing to wait.
addEventListener('pagehide', ({ persisted }) => {
  if (!persisted) stranger.close();
});

export const useSnapshot = (): Snapshot => {
  const [snapshot, setSnapshot] = useState(stranger.store.getSnapshot);
  useEffect(() => {
    const read = () => setSnapshot(stranger.store.getSnapshot());
    read();
    return stranger.store.subscribe(read);
  }, []);
  return snapshot;
};

interface Action<A extends unknown[]> {
  run(...args: A): void;
  busy: boolean;
  /** Why it failed last; gone with the next run. */
  failure: FailureCode | undefined;
}

/** Something that asks the server: runs once at a time, knows that it is running, and keeps why it failed. */
export const useAction = <A extends unknown[]>(act: (...args: A) => Promise<void>): Action<A> => {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<FailureCode>();
  const run = (...args: A) => {
    if (busy) return;
    setBusy(true);
    setFailure(undefined);
    act(...args)
      .catch((error: unknown) => setFailure(asStoaError(error).code))
      .finally(() => setBusy(false));
  };
  return { run, busy, failure };
};

/** The server's clock in ms, renewed every `everyMs` while `running`. */
export const useServerNow = (everyMs: number, running = true): number => {
  const [now, setNow] = useState(() => stranger.serverNow());
  useEffect(() => {
    if (!running) return;
    const tick = () => setNow(stranger.serverNow());
    tick();
    const timer = setInterval(tick, everyMs);
    return () => clearInterval(timer);
  }, [everyMs, running]);
  return now;
};
