import { useEffect, useRef, useState } from 'preact/hooks';
import { useLanguage } from './language.js';
import { stranger } from './use-stranger.js';

/** The contract's limit, in code points. */
const MAX_TEXT = 2_000;
const SHOW_LEFT_FROM = 1_800;

const draftKey = 'stoa.draft.1';

/** The half-written message of this tab survives a reload, and belongs to one conversation. */
const loadDraft = (conversationId: string): string => {
  try {
    const [id, text] = JSON.parse(sessionStorage.getItem(draftKey) ?? '[]') as string[];
    return id === conversationId ? (text ?? '') : '';
  } catch {
    return '';
  }
};

const saveDraft = (conversationId: string, text: string): void => {
  try {
    sessionStorage.setItem(draftKey, JSON.stringify([conversationId, text]));
  } catch {
    // Then the draft does not survive a reload.
  }
};

/** With a mouse comes a keyboard. Without one, a field that takes the focus by itself would raise the screen's keyboard. */
export const hasKeyboard = (): boolean => matchMedia('(pointer: fine)').matches;

/** Where one writes. Enter sends where there is a keyboard; on a touch screen it starts a new line, as people expect. */
export const Composer = ({ conversationId, partner }: { conversationId: string; partner: string }) => {
  const { t } = useLanguage();
  const field = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(() => loadDraft(conversationId));
  const left = MAX_TEXT - [...text.trim()].length;
  useEffect(() => {
    if (hasKeyboard()) field.current?.focus();
  }, []);

  const change = (written: string) => {
    setText(written);
    saveDraft(conversationId, written);
    stranger.typing(written.trim() !== '');
  };
  const send = () => {
    if (text.trim() === '' || left < 0) return;
    stranger.send(text);
    setText('');
    saveDraft(conversationId, '');
    field.current?.focus();
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={field}
        rows={1}
        aria-label={t.talk.messageLabel(partner)}
        aria-describedby="composer-keys"
        placeholder={t.talk.placeholder}
        value={text}
        dir="auto"
        enterkeyhint="send"
        onInput={({ currentTarget }) => change(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.isComposing || !hasKeyboard()) return;
          event.preventDefault();
          send();
        }}
      />
      <button type="submit" class="primary" disabled={text.trim() === '' || left < 0}>
        {t.talk.send}
      </button>
      <p class="hint keys" id="composer-keys">
        {left < MAX_TEXT - SHOW_LEFT_FROM ? (left < 0 ? t.talk.tooLong(-left) : t.talk.left(left)) : t.talk.keys}
      </p>
    </form>
  );
};
