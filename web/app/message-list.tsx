import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Chat } from '../client/snapshot.js';
import type { Outbox } from '../client/outbox.js';
import { sentAhead, visible } from '../client/timeline.js';
import { useLanguage } from './language.js';
import { LinkDialog } from './link-dialog.js';
import { MessageBubble, PendingBubble } from './message-bubble.js';

const NEAR_BOTTOM_PX = 80;

interface MessageListProps {
  chat: Chat;
  /** How it begins, in words: with whom one talks, or talked. */
  opening: string;
  /** What is not yet sent of this conversation. */
  pending: Outbox;
  /** Called as the reader comes to, or leaves, the newest message. */
  onAtBottom?(atBottom: boolean): void;
  /** After the messages. */
  children?: ComponentChildren;
}

/** The conversation so far. Stays at the newest message unless its reader has scrolled up. */
export const MessageList = ({ chat, opening, pending, onAtBottom, children }: MessageListProps) => {
  const { t } = useLanguage();
  const list = useRef<HTMLDivElement>(null);
  const [atBottom, setAtBottom] = useState(true);
  const [link, setLink] = useState<string>();
  const messages = [...visible(chat.timeline), ...sentAhead(chat.timeline)];
  const { nickname, sharedInterests } = chat.conversation.partner;
  const hasOlder = (messages[0]?.seq ?? 1) > 1;

  const toBottom = () => {
    const element = list.current;
    if (element) element.scrollTop = element.scrollHeight;
  };
  const readPosition = () => {
    const element = list.current;
    if (!element) return;
    const near = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_BOTTOM_PX;
    if (near === atBottom) return;
    setAtBottom(near);
    onAtBottom?.(near);
  };
  useLayoutEffect(() => {
    if (atBottom) toBottom();
  }, [messages.length, pending, chat.partnerTyping]);
  useLayoutEffect(toBottom, [pending.length]);
  useLayoutEffect(() => {
    const element = list.current;
    if (!element) return;
    const observer = new ResizeObserver(() => {
      if (atBottom) toBottom();
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [atBottom]);

  return (
    <div class="messages" ref={list} onScroll={readPosition} tabIndex={0} role="region" aria-label={t.talk.messages}>
      <div class="opening">
        <p>{opening}</p>
        {sharedInterests.length > 0 ? (
          <>
            <p class="hint">{t.talk.shared}</p>
            <ul class="chips">
              {sharedInterests.map((interest) => (
                <li key={interest}>{interest}</li>
              ))}
            </ul>
          </>
        ) : (
          <p class="hint">{t.talk.nothingShared}</p>
        )}
        <p class="hint">{t.talk.noTrace}</p>
      </div>
      {hasOlder && <p class="hint older">{t.talk.olderLoading}</p>}
      <div role="log">
        <ol>
          {messages.map((message, index) => (
            <MessageBubble
              key={message.seq}
              message={message}
              author={message.from === 'you' ? t.talk.you : nickname}
              opensRun={messages[index - 1]?.from !== message.from}
              isSeen={message.seq <= chat.seenByPartner}
              onLink={setLink}
            />
          ))}
          {pending.map((item) => (
            <PendingBubble key={item.clientId} item={item} onLink={setLink} />
          ))}
        </ol>
      </div>
      <p class="typing" role="status">
        {chat.partnerTyping && (
          <>
            <span class="dots" aria-hidden="true">
              <i />
              <i />
              <i />
            </span>
            {t.talk.typing(nickname)}
          </>
        )}
      </p>
      {children}
      {!atBottom && (
        <button type="button" class="to-bottom" onClick={toBottom}>
          {t.talk.newBelow} ↓
        </button>
      )}
      {link !== undefined && <LinkDialog url={link} onClose={() => setLink(undefined)} />}
    </div>
  );
};
