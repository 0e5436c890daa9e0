import { useEffect, useRef, useState } from 'preact/hooks';
import type { Chat, Snapshot } from '../client/snapshot.js';
import { visible } from '../client/timeline.js';
import { Composer, hasKeyboard } from './composer.js';
import { Dialog } from './dialog.js';
import { FailureNote } from './failure-note.js';
import { useLanguage } from './language.js';
import { languageName } from './languages.js';
import { MessageList } from './message-list.js';
import { BlockDialog, ReportDialog } from './partner-dialogs.js';
import { TalkNotices } from './talk-notices.js';
import { stranger, useAction } from './use-stranger.js';

type Asking = 'move-on' | 'block' | 'report';

/** Whether the page can be seen by its person. */
const usePageVisible = (): boolean => {
  const [isVisible, setVisible] = useState(document.visibilityState === 'visible');
  useEffect(() => {
    const read = () => setVisible(document.visibilityState === 'visible');
    document.addEventListener('visibilitychange', read);
    return () => document.removeEventListener('visibilitychange', read);
  }, []);
  return isVisible;
};

/** Tells the partner what was seen, and the tab's title what was not. */
const useReading = (chat: Chat, atBottom: boolean): number => {
  const isVisible = usePageVisible();
  const [readUpTo, setReadUpTo] = useState(0);
  const theirs = visible(chat.timeline).filter((message) => message.from === 'partner');
  const newest = theirs.at(-1)?.seq ?? 0;
  useEffect(() => {
    if (!isVisible || !atBottom || newest === 0) return;
    setReadUpTo(newest);
    stranger.markSeen(newest);
  }, [isVisible, atBottom, newest]);
  return theirs.filter((message) => message.seq > readUpTo).length;
};

interface MoveOnProps {
  nickname: string;
  busy: boolean;
  onLeave(next: boolean): void;
  onClose(): void;
}

const MoveOnDialog = ({ nickname, busy, onLeave, onClose }: MoveOnProps) => {
  const { t } = useLanguage();
  return (
    <Dialog title={t.talk.leaveTitle} onClose={onClose}>
      <p>{t.talk.leaveText(nickname)}</p>
      <div class="buttons stacked">
        <button type="button" class="primary" autofocus disabled={busy} onClick={() => onLeave(true)}>
          {t.talk.leaveNext}
        </button>
        <button type="button" disabled={busy} onClick={() => onLeave(false)}>
          {t.talk.leaveOnly}
        </button>
        <button type="button" class="quiet" onClick={onClose}>
          {t.talk.stay}
        </button>
      </div>
    </Dialog>
  );
};

const TalkMenu = ({ onAsk }: { onAsk(what: Asking): void }) => {
  const { t } = useLanguage();
  const menu = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const place = () => {
    const below = opener.current?.getBoundingClientRect().bottom;
    if (menu.current && below !== undefined) menu.current.style.top = `${below + 4}px`;
  };
  const choose = (what: Asking) => {
    menu.current?.hidePopover();
    onAsk(what);
  };
  return (
    <>
      <button
        ref={opener}
        type="button"
        class="quiet more"
        popovertarget="talk-menu"
        aria-label={t.talk.more}
        title={t.talk.more}
      >
        <span aria-hidden="true">⋯</span>
      </button>
      <div id="talk-menu" class="menu" popover="auto" ref={menu} onBeforeToggle={place}>
        <button type="button" onClick={() => choose('move-on')}>
          {t.talk.leave}
        </button>
        <button type="button" onClick={() => choose('report')}>
          {t.talk.report}
        </button>
        <button type="button" class="danger" onClick={() => choose('block')}>
          {t.talk.block}
        </button>
      </div>
    </>
  );
};

const PartnerFacts = ({ chat }: { chat: Chat }) => {
  const { t, language } = useLanguage();
  const { gender, ageBand, languages } = chat.conversation.partner;
  const facts = [
    t.ageBand(ageBand),
    gender && t.gender[gender],
    languages.map((tag) => languageName(tag, language)).join(', '),
  ];
  return <p class="facts">{facts.filter(Boolean).join(' · ')}</p>;
};

/** The open conversation. Esc asks whether to move on; Enter then goes to the next one, and Esc again stays. */
export const TalkScreen = ({ chat, snapshot }: { chat: Chat; snapshot: Snapshot }) => {
  const { t } = useLanguage();
  const heading = useRef<HTMLHeadingElement>(null);
  const [asking, setAsking] = useState<Asking>();
  const [atBottom, setAtBottom] = useState(true);
  const unread = useReading(chat, atBottom);
  const { nickname } = chat.conversation.partner;
  const { run: leave, busy, failure } = useAction((next: boolean) => stranger.leave({ next }));
  const isEmpty = chat.timeline.lastSeq === 0 && snapshot.outbox.length === 0;

  useEffect(() => {
    if (!hasKeyboard()) heading.current?.focus();
  }, []);
  useEffect(() => {
    document.title = unread > 0 ? `${t.talk.unread(unread, nickname)} · Stoa` : `${nickname} · Stoa`;
  }, [unread, nickname, t]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.isComposing || document.querySelector('dialog[open], :popover-open')) return;
      event.preventDefault();
      setAsking('move-on');
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);

  return (
    <main id="content" class="talk">
      <header class="talk-head">
        <div class="who">
          <h1 ref={heading} tabIndex={-1} dir="auto">
            {nickname}
          </h1>
          <PartnerFacts chat={chat} />
        </div>
        <button
          type="button"
          class="next"
          title={t.talk.nextHint}
          disabled={busy}
          onClick={() => (isEmpty ? leave(true) : setAsking('move-on'))}
        >
          {t.talk.next} <span aria-hidden="true">→</span>
        </button>
        <TalkMenu onAsk={setAsking} />
      </header>
      <MessageList
        chat={chat}
        opening={t.talk.opening(nickname)}
        pending={snapshot.outbox.filter((item) => item.conversationId === chat.conversation.id)}
        onAtBottom={setAtBottom}
      />
      <TalkNotices chat={chat} />
      <FailureNote code={failure} />
      <Composer conversationId={chat.conversation.id} partner={nickname} />
      {asking === 'move-on' && (
        <MoveOnDialog nickname={nickname} busy={busy} onLeave={leave} onClose={() => setAsking(undefined)} />
      )}
      {asking === 'block' && <BlockDialog chat={chat} onClose={() => setAsking(undefined)} />}
      {asking === 'report' && <ReportDialog chat={chat} onClose={() => setAsking(undefined)} />}
    </main>
  );
};
