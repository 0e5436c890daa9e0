import type { Message } from '../../src/contracts/state.dto.js';
import { canRetry } from '../client/outbox.js';
import type { OutboxItem } from '../client/outbox.js';
import { useLanguage } from './language.js';
import { splitLinks } from './links.js';
import { timeOfDay } from './time-text.js';
import { stranger } from './use-stranger.js';

/** A message's text as text, whatever it says; addresses in it are buttons that ask first. */
const MessageText = ({ text, onLink }: { text: string; onLink(url: string): void }) => {
  const { t } = useLanguage();
  return (
    <p class="text" dir="auto">
      {splitLinks(text).map((piece, index) =>
        'url' in piece ? (
          <button
            type="button"
            class="link"
            key={index}
            aria-label={t.link.label(piece.url)}
            onClick={() => onLink(piece.url)}
          >
            {piece.text}
          </button>
        ) : (
          piece.text
        ),
      )}
    </p>
  );
};

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
