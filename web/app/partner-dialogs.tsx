import { useId, useState } from 'preact/hooks';
import type { Chat } from '../client/snapshot.js';
import { visible } from '../client/timeline.js';
import { Dialog } from './dialog.js';
import { FailureNote } from './failure-note.js';
import { useLanguage } from './language.js';
import type { en } from './messages.en.js';
import { stranger, useAction } from './use-stranger.js';

const REASONS = [
  'harassment',
  'sexual',
  'hate',
  'spam',
  'minor',
  'self_harm',
  'other',
] as const satisfies readonly (keyof typeof en.report.reasons)[];
/** Newest messages of the partner that can be chosen as evidence; the server has the rest. */
const CHOOSABLE = 30;
const MAX_NOTE = 1_000;

interface PartnerDialogProps {
  chat: Chat;
  onClose(): void;
}

/** Never again, both ways. */
export const BlockDialog = ({ chat, onClose }: PartnerDialogProps) => {
  const { t } = useLanguage();
  const { run, busy, failure } = useAction(async () => {
    await stranger.block(chat.conversation.id);
    onClose();
  });
  return (
    <Dialog title={t.block.title(chat.conversation.partner.nickname)} onClose={onClose}>
      <p>{t.block.text}</p>
      <FailureNote code={failure} />
      <div class="buttons">
        <button type="button" onClick={onClose}>
          {t.cancel}
        </button>
        <button type="button" class="danger" disabled={busy} onClick={() => run()}>
          {t.block.confirm}
        </button>
      </div>
    </Dialog>
  );
};

/** What happened, in which messages; answered with a receipt. */
export const ReportDialog = ({ chat, onClose }: PartnerDialogProps) => {
  const { t } = useLanguage();
  const noteId = useId();
  const [reason, setReason] = useState<(typeof REASONS)[number]>('harassment');
  const [note, setNote] = useState('');
  const [seqs, setSeqs] = useState<number[]>([]);
  const [receipt, setReceipt] = useState<string>();
  const theirs = visible(chat.timeline)
    .filter((message) => message.from === 'partner')
    .slice(-CHOOSABLE);
  const { run, busy, failure } = useAction(async () => {
    const text = note.trim();
    setReceipt(
      await stranger.report(chat.conversation.id, {
        reason,
        ...(text && { note: text }),
        ...(seqs.length > 0 && { seqs }),
      }),
    );
  });
  const choose = (seq: number, chosen: boolean) =>
    setSeqs(chosen ? [...seqs, seq].sort((a, b) => a - b) : seqs.filter((each) => each !== seq));

  if (receipt !== undefined) {
    return (
      <Dialog title={t.report.title(chat.conversation.partner.nickname)} onClose={onClose}>
        <p role="status">{t.report.receipt(receipt)}</p>
        <div class="buttons">
          <button type="button" onClick={onClose}>
            {t.close}
          </button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title={t.report.title(chat.conversation.partner.nickname)} onClose={onClose}>
      <p>{t.report.lead}</p>
      <form
        class="report"
        onSubmit={(event) => {
          event.preventDefault();
          run();
        }}
      >
        <fieldset class="list">
          <legend>{t.report.reason}</legend>
          {REASONS.map((each) => (
            <label class="check" key={each}>
              <input type="radio" name="reason" checked={reason === each} onChange={() => setReason(each)} />
              <span>{t.report.reasons[each]}</span>
            </label>
          ))}
        </fieldset>
        <fieldset class="list evidence">
          <legend>{t.report.messages}</legend>
          {theirs.length === 0 && <p class="hint">{t.report.noMessages}</p>}
          {theirs.map(({ seq, text }) => (
            <label class="check" key={seq}>
              <input
                type="checkbox"
                checked={seqs.includes(seq)}
                onChange={({ currentTarget }) => choose(seq, currentTarget.checked)}
              />
              <span dir="auto">{text}</span>
            </label>
          ))}
        </fieldset>
        <label for={noteId}>
          {t.report.note} <span class="hint">{t.optional}</span>
        </label>
        <textarea
          id={noteId}
          rows={3}
          maxLength={MAX_NOTE}
          value={note}
          onInput={({ currentTarget }) => setNote(currentTarget.value)}
        />
        <FailureNote code={failure} />
        <div class="buttons">
          <button type="button" onClick={onClose}>
            {t.cancel}
          </button>
          <button type="submit" class="danger" disabled={busy}>
            {t.report.confirm}
          </button>
        </div>
      </form>
    </Dialog>
  );
};
