import { useEffect, useRef } from 'preact/hooks';
import type { PastChat, Snapshot } from '../client/snapshot.js';
import { FailureNote } from './failure-note.js';
import { useLanguage } from './language.js';
import { MessageList } from './message-list.js';
import { PastActs } from './past-acts.js';
import { stranger, useAction } from './use-stranger.js';

/** After the end: what was said stays readable; why it ended, and what next. */
export const EndedScreen = ({ past, snapshot }: { past: PastChat; snapshot: Snapshot }) => {
  const { t } = useLanguage();
  const again = useRef<HTMLButtonElement>(null);
  const { nickname } = past.conversation.partner;
  const { run: search, busy, failure } = useAction(() => stranger.startSearch());
  useEffect(() => {
    document.title = `${t.ended.title} · Stoa`;
  }, [t]);
  useEffect(() => again.current?.focus(), []);
  return (
    <main id="content" class="talk ended">
      <header class="talk-head">
        <div class="who">
          <h1 tabIndex={-1}>{t.ended.title}</h1>
          <p class="facts" role="status">
            {t.ended.reason[past.reason](nickname)}
          </p>
        </div>
      </header>
      <MessageList
        chat={past}
        opening={t.ended.opening(nickname)}
        pending={snapshot.outbox.filter((item) => item.conversationId === past.conversation.id)}
      />
      <section class="after">
        <div class="buttons stacked">
          <button
            type="button"
            class="primary large"
            ref={again}
            disabled={busy || snapshot.connection !== 'online'}
            onClick={() => search()}
          >
            {t.ended.again}
          </button>
          <button type="button" onClick={() => stranger.forgetPast()}>
            {t.ended.done}
          </button>
        </div>
        <FailureNote code={failure} />
        <PastActs past={past} />
      </section>
    </main>
  );
};
