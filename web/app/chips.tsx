import { useId, useState } from 'preact/hooks';
import { useLanguage } from './language.js';
import { languageName, offeredLanguages } from './languages.js';

const MAX_INTERESTS = 10;
const MAX_INTEREST_LENGTH = 24;
const MAX_LANGUAGES = 3;

const ChipList = ({ chips, onRemove }: { chips: { key: string; label: string }[]; onRemove(key: string): void }) => {
  const { t } = useLanguage();
  if (chips.length === 0) return null;
  return (
    <ul class="chips">
      {chips.map(({ key, label }) => (
        <li key={key}>
          {label}
          <button type="button" aria-label={t.arrive.remove(label)} onClick={() => onRemove(key)}>
            ×
          </button>
        </li>
      ))}
    </ul>
  );
};

interface ListFieldProps {
  values: readonly string[];
  onChange(values: string[]): void;
}

/** Up to three spoken languages, in order. */
export const LanguageField = ({ values, onChange }: ListFieldProps) => {
  const { t, language } = useLanguage();
  const id = useId();
  const offered = offeredLanguages(language).filter(({ tag }) => !values.includes(tag));
  return (
    <div class="field">
      <label for={id}>
        {t.arrive.languages} <span class="hint">{t.arrive.languagesHint}</span>
      </label>
      <ChipList
        chips={values.map((tag) => ({ key: tag, label: languageName(tag, language) }))}
        onRemove={(gone) => onChange(values.filter((tag) => tag !== gone))}
      />
      <select
        id={id}
        value=""
        disabled={values.length >= MAX_LANGUAGES}
        onChange={({ currentTarget }) => {
          if (currentTarget.value !== '') onChange([...values, currentTarget.value]);
          currentTarget.value = '';
        }}
      >
        <option value="">{t.arrive.addLanguage}</option>
        {offered.map(({ tag, name }) => (
          <option key={tag} value={tag}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
};

/** Interests as a person writes them, cut to what a profile takes; the same one twice counts once. */
export const withInterests = (known: readonly string[], written: string): string[] => {
  const fresh = written
    .normalize('NFC')
    .split(',')
    .map((interest) => [...interest.trim()].slice(0, MAX_INTEREST_LENGTH).join('').trim())
    .filter((interest) => interest !== '');
  const byFold = new Map([...known, ...fresh].map((interest) => [interest.toLowerCase(), interest]));
  return [...byFold.values()].slice(0, MAX_INTERESTS);
};

/** Up to ten interests, typed or taken from the suggestions. */
export const InterestField = ({ values, onChange }: ListFieldProps) => {
  const { t } = useLanguage();
  const id = useId();
  const [text, setText] = useState('');
  const isFull = values.length >= MAX_INTERESTS;
  const open = t.arrive.suggested.filter((interest) => !values.includes(interest));
  const take = (written: string) => {
    if (written.trim() !== '') onChange(withInterests(values, written));
    setText('');
  };
  return (
    <div class="field">
      <label for={id}>
        {t.arrive.interests} <span class="hint">{t.arrive.interestsHint}</span>
      </label>
      <ChipList
        chips={values.map((interest) => ({ key: interest, label: interest }))}
        onRemove={(gone) => onChange(values.filter((interest) => interest !== gone))}
      />
      <input
        id={id}
        type="text"
        autocomplete="off"
        enterkeyhint="done"
        placeholder={t.arrive.interestsPlaceholder}
        value={text}
        disabled={isFull}
        onInput={({ currentTarget }) =>
          currentTarget.value.endsWith(',') ? take(currentTarget.value) : setText(currentTarget.value)
        }
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.isComposing || text.trim() === '') return;
          event.preventDefault();
          take(text);
        }}
        onBlur={() => take(text)}
      />
      {!isFull && open.length > 0 && (
        <p class="suggestions">
          <span class="hint">{t.arrive.suggestions}</span>
          {open.map((interest) => (
            <button type="button" key={interest} aria-label={t.arrive.add(interest)} onClick={() => take(interest)}>
              + {interest}
            </button>
          ))}
        </p>
      )}
    </div>
  );
};
