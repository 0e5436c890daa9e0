import { useState } from 'preact/hooks';
import type { PastChat } from '../client/snapshot.js';
import { FailureNote } from './failure-note.js';
import { useLanguage } from './language.js';
import { BlockDialog, ReportDialog } from './partner-dialogs.js';
import { stranger, useAction } from './use-stranger.js';

/** What can be done about a conversation that has ended: rate it, report it, block its partner. */
export const PastActs = ({ past }: { past: PastChat }) => {
  const { t } = useLanguage();
  const [asking, setAsking] = useState<'block' | 'report'>();
  const { id, partner } = past.conversation;
  const { run: rate, busy, failure } = useAction((good: boolean) => stranger.rate(id, good));
  const isRated = past.rated !== undefined;
  return (
    <section class="past-acts">
      <p role="status">{isRated ? t.ended.thanks : t.ended.howWasIt(partner.nickname)}</p>
      <div class="buttons">
        {!isRated && (
          <>
            <button type="button" disabled={busy} onClick={() => rate(true)}>
              {t.ended.good}
            </button>
            <button type="button" disabled={busy} onClick={() => rate(false)}>
              {t.ended.bad}
            </button>
          </>
        )}
        <span class="spread" />
        {!past.blocked && (
          <button type="button" class="quiet" onClick={() => setAsking('block')}>
            {t.talk.block}
          </button>
        )}
        <button type="button" class="quiet" onClick={() => setAsking('report')}>
          {t.talk.report}
        </button>
      </div>
      {past.blocked && <p role="status">{t.ended.blocked(partner.nickname)}</p>}
      <FailureNote code={failure} />
      {asking === 'block' && <BlockDialog chat={past} onClose={() => setAsking(undefined)} />}
      {asking === 'report' && <ReportDialog chat={past} onClose={() => setAsking(undefined)} />}
    </section>
  );
};
