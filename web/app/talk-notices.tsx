import { IDLE_WARNING_MS } from '../client/idle-watch.js';
import type { Chat } from '../client/snapshot.js';
import { useLanguage } from './language.js';
import { durationText } from './time-text.js';
import { useServerNow } from './use-stranger.js';

/** What is due about the conversation itself: the partner's lost connection, or the end by silence. */
export const TalkNotices = ({ chat }: { chat: Chat }) => {
  const { t, language } = useLanguage();
  const { presence, partner, idleEndsAt } = chat.conversation;
  const now = useServerNow(1_000);
  const idleLeft = Date.parse(idleEndsAt) - now;
  const isAway = presence.state === 'reconnecting';
  const graceLeft = presence.graceEndsAt === undefined ? 0 : Date.parse(presence.graceEndsAt) - now;
  const isQuiet = !isAway && idleLeft < IDLE_WARNING_MS;
  return (
    <>
      {/* Read aloud once, not each second: the countdown is for the eye. */}
      <p class="aside" role="status">
        {isAway && t.talk.reconnecting(partner.nickname)}
        {isQuiet && t.talk.idle(durationText(IDLE_WARNING_MS, language))}
      </p>
      {isAway && (
        <p class="notice away" aria-hidden="true">
          {graceLeft > 0
            ? t.talk.reconnectingFor(partner.nickname, Math.ceil(graceLeft / 1_000))
            : t.talk.reconnecting(partner.nickname)}
        </p>
      )}
      {isQuiet && (
        <p class="notice" aria-hidden="true">
          {t.talk.idle(durationText(Math.max(1_000, idleLeft), language))}
        </p>
      )}
    </>
  );
};
