import { useEffect, useState } from 'preact/hooks';
import type { Snapshot } from '../client/snapshot.js';
import { announce } from './announcer.js';
import { FailureNote } from './failure-note.js';
import { useLanguage } from './language.js';
import { Colonnade } from './logo.js';
import { Page } from './page.js';
import { PastActs } from './past-acts.js';
import { readWidening, wideningText } from './search-words.js';
import { clockText, durationText } from './time-text.js';
import { stranger, useAction } from './use-stranger.js';

const SOON_MS = 2_000;
/** Beyond this many times the estimate it is said that it takes longer. */
const LATE = 2;

/** `performance.now()`, every quarter of a second: the times here are counted from when the status came. */
const useNow = (): number => {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 250);
    return () => clearInterval(timer);
  }, []);
  return now;
};

/** The honest waiting room. */
export const SearchScreen = ({ snapshot }: { snapshot: Snapshot }) => {
  const { t, language } = useLanguage();
  const now = useNow();
  const {
    run: cancel,
    busy,
    failure,
  } = useAction(async () => {
    await stranger.cancelSearch();
    if (stranger.store.getSnapshot().phase === 'chatting') announce((texts) => texts.search.matchedFirst);
    else stranger.forgetPast();
  });
  const { search, past } = snapshot;
  const elapsed = search ? Math.max(0, now - search.receivedAt) : 0;
  const waited = (search?.waitedMs ?? 0) + elapsed;
  const estimate = search?.estimatedWaitMs ?? null;

  const estimateText = (): string => {
    if (estimate === null) return t.search.noEstimate;
    if (waited > Math.max(estimate * LATE, SOON_MS * LATE)) return t.search.longer;
    return estimate <= SOON_MS ? t.search.estimateSoon : t.search.estimate(durationText(estimate, language));
  };

  return (
    <Page title={t.search.title} tabTitle={t.search.pageTitle} class="search">
      <Colonnade alive />
      <p class="waited">
        {t.search.waited} <time class="clock">{clockText(waited)}</time>
      </p>
      <div class="status" role="status">
        <p>{search && t.search.pool[search.poolSize]}</p>
        <p>{estimateText()}</p>
      </div>
      {search && search.widened.length > 0 && (
        <div class="widened">
          <p class="hint">{t.search.widened}</p>
          <ul>
            {search.widened.map((word) => (
              <li key={word}>{wideningText(readWidening(word), elapsed, t)}</li>
            ))}
          </ul>
        </div>
      )}
      <FailureNote code={failure} />
      <button type="button" class="large" disabled={busy || snapshot.connection !== 'online'} onClick={() => cancel()}>
        {t.search.cancel}
      </button>
      {past && (
        <div class="card past-card">
          <PastActs past={past} />
        </div>
      )}
    </Page>
  );
};
