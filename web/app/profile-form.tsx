import { useId, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import type { AgeBand, Gender, Profile } from '../../src/contracts/profile.dto.js';
import { InterestField, LanguageField } from './chips.js';
import { OneOf } from './choices.js';
import { useLanguage } from './language.js';
import { guessSpoken } from './languages.js';
import { SeekFields } from './seek-fields.js';

const AGE_BANDS: readonly AgeBand[] = ['18-24', '25-34', '35-44', '45-54', '55+'];
const GENDERS: readonly Gender[] = ['woman', 'man', 'nonbinary'];
const MAX_NICKNAME = 24;

interface ProfileFormProps {
  /** What is known already; absent for somebody new. */
  profile: Partial<Profile> | undefined;
  /** Somebody new has to say that they are an adult. */
  asksAdult: boolean;
  submitLabel: string;
  busy: boolean;
  onSubmit(profile: Profile): void;
  children?: ComponentChildren;
}

/** The draft without what is empty: exactly what the contract calls a profile. */
const tidy = (draft: Partial<Profile>, ageBand: AgeBand, languages: string[]): Profile => {
  const nickname = draft.nickname?.normalize('NFC').trim();
  const genders = draft.seeks?.genders ?? [];
  const ageBands = draft.seeks?.ageBands ?? [];
  return {
    ageBand,
    languages,
    interests: draft.interests ?? [],
    ...(nickname && { nickname }),
    ...(draft.gender && { gender: draft.gender }),
    seeks: {
      ...(genders.length > 0 && { genders }),
      ...(ageBands.length > 0 && { ageBands }),
      ...(draft.seeks?.anyLanguage && { anyLanguage: true }),
    },
  };
};

/** What a person says about themselves, and whom they seek. */
export const ProfileForm = ({ profile, asksAdult, submitLabel, busy, onSubmit, children }: ProfileFormProps) => {
  const { t } = useLanguage();
  const nicknameId = useId();
  const [draft, setDraft] = useState<Partial<Profile>>(() => ({
    languages: guessSpoken(navigator.languages),
    ...profile,
  }));
  const [isAdult, setIsAdult] = useState(false);
  const [fault, setFault] = useState('');
  const set = (change: Partial<Profile>) => setDraft((before) => ({ ...before, ...change }));
  const ageOptions = AGE_BANDS.map((band) => ({ value: band, label: t.ageBand(band) }));
  const genderOptions = GENDERS.map((gender) => ({ value: gender, label: t.gender[gender] }));

  const submit = (event: Event) => {
    event.preventDefault();
    const { ageBand, languages = [] } = draft;
    if (!ageBand) return setFault(t.arrive.ageNeeded);
    if (languages.length === 0) return setFault(t.arrive.languageNeeded);
    if (asksAdult && !isAdult) return setFault(t.arrive.adultNeeded);
    setFault('');
    onSubmit(tidy(draft, ageBand, languages));
  };

  return (
    <form class="profile card" onSubmit={submit} noValidate>
      <section>
        <h2>{t.arrive.aboutYou}</h2>
        <div class="field">
          <label for={nicknameId}>
            {t.arrive.nickname} <span class="hint">{t.optional}</span>
          </label>
          <input
            id={nicknameId}
            type="text"
            autocomplete="nickname"
            maxLength={MAX_NICKNAME}
            placeholder={t.stranger}
            value={draft.nickname ?? ''}
            onInput={({ currentTarget }) => set({ nickname: currentTarget.value })}
          />
        </div>
        <OneOf
          legend={t.arrive.age}
          options={ageOptions}
          value={draft.ageBand}
          onChange={(ageBand) => set({ ageBand })}
          required
        />
        <OneOf
          legend={t.arrive.genderLabel}
          hint={t.optional}
          options={[...genderOptions, { value: 'none', label: t.arrive.genderNone }]}
          value={draft.gender ?? 'none'}
          onChange={(gender) =>
            setDraft(({ gender: _old, ...rest }) => (gender === 'none' ? rest : { ...rest, gender }))
          }
        />
        <LanguageField values={draft.languages ?? []} onChange={(languages) => set({ languages })} />
      </section>
      <section>
        <h2>{t.arrive.topics}</h2>
        <InterestField values={draft.interests ?? []} onChange={(interests) => set({ interests })} />
      </section>
      <SeekFields
        seeks={draft.seeks}
        genders={genderOptions}
        ageBands={ageOptions}
        onChange={(seeks) => set({ seeks })}
      />
      <footer>
        {asksAdult && (
          <label class="check">
            <input
              type="checkbox"
              checked={isAdult}
              onChange={({ currentTarget }) => setIsAdult(currentTarget.checked)}
            />
            <span>{t.arrive.adult}</span>
          </label>
        )}
        <p class="failure" role="alert">
          {fault}
        </p>
        {children}
        <button type="submit" class="primary large" disabled={busy}>
          {busy ? t.loading : submitLabel}
        </button>
        <p class="hint">{t.arrive.rules}</p>
      </footer>
    </form>
  );
};
