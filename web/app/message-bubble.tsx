import type { Message } from '../../src/contracts/state.dto.js';
import { canRetry } from '../client/outbox.js';
import type { OutboxItem } from '../client/outbox.js';
import { useLanguage } from './language.js';
import { splitLinks } from './links.js';
import { timeOfDay } from './time-text.js';
import { stranger } from './use-stranger.js';

interface LinkProps {
  text: string;
  url: string;
  onLink(url: string): void;
}

/** An address that asks before it opens. No anchor: nothing may open it past the question, and a button does not wrap. */
const AskingLink = ({ text, url, onLink }: LinkProps) => {
  const { t } = useLanguage();
  return (
    <span
      role="button"
      tabIndex={0}
      class="link"
      aria-label={t.link.label(url)}
      onClick={() => onLink(url)}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        onLink(url);
      }}
    >
      {text}
    </span>
  );
};

/** A message's text as text, whatever it says. */
const MessageText = ({ text, onLink }: { text: string; onLink(url: string): void }) => (
  <p class="text" dir="auto">
    {splitLinks(text).map((piece, index) =>
      'url' in piece ? <AskingLink key={index} {...piece} onLink={onLink} /> : piece.text,
    )}
  </p>
);

interface BubbleProps {
  message: Message;
  author: string;
  /** The first of a run by the same person. */
  opensRun: boolean;
  isSeen: boolean;
  onLink(url: string): void;
}

/** A message that has its place in the conversation. */
export const MessageBubble = ({ message, author, opensRun, isSeen, onLink }: BubbleProps) => {
  const { t, language } = useLanguage();
  const own = message.from === 'you';
  return (
    <li class={`bubble ${own ? 'own' : 'theirs'} ${opensRun ? 'opens' : ''}`} data-seq={message.seq}>
      <span class="aside">{author}: </span>
      <MessageText text={message.text} onLink={onLink} />
      <span class="meta">
        <time dateTime={message.sentAt}>{timeOfDay(message.sentAt, language)}</time>
        {own && (
          <span class={isSeen ? 'mark seen' : 'mark'} title={isSeen ? t.talk.seen : t.talk.sent}>
            <span aria-hidden="true">{isSeen ? '✓✓' : '✓'}</span>
            <span class="aside">{isSeen ? t.talk.seen : t.talk.sent}</span>
          </span>
        )}
      </span>
    </li>
  );
};

/** A message that is on its way, or could not be sent. */
export const PendingBubble = ({ item, onLink }: { item: OutboxItem; onLink(url: string): void }) => {
  const { t } = useLanguage();
  const failed = item.status === 'failed';
  const why = failed && !canRetry(item) && item.code ? t.talk.failedBecause(t.errors[item.code]) : t.talk.failed;
  return (
    <li class={`bubble own opens ${failed ? 'failed' : 'pending'}`} data-client-id={item.clientId}>
      <span class="aside">{t.talk.you}: </span>
      <MessageText text={item.text} onLink={onLink} />
      <span class="meta" role={failed ? 'alert' : undefined}>
        {failed ? why : `${t.talk.pending} …`}
        {canRetry(item) && (
          <button type="button" class="quiet" onClick={() => stranger.retry(item.clientId)}>
            {t.talk.retry}
          </button>
        )}
        {failed && (
          <button type="button" class="quiet" onClick={() => stranger.discard(item.clientId)}>
            {t.talk.remove}
          </button>
        )}
      </span>
    </li>
  );
};
