import type { AgeBand, Gender, Seeks } from '../../src/contracts/profile.dto.js';
import { SomeOf } from './choices.js';
import { useLanguage } from './language.js';

interface SeekFieldsProps {
  seeks: Seeks | undefined;
  genders: { value: Gender; label: string }[];
  ageBands: { value: AgeBand; label: string }[];
  onChange(seeks: Seeks): void;
}

/** Whom a person seeks. */
export const SeekFields = ({ seeks = {}, genders, ageBands, onChange }: SeekFieldsProps) => {
  const { t } = useLanguage();
  return (
    <section>
      <h2>{t.arrive.whom}</h2>
      <p class="hint">{t.arrive.seekHint}</p>
      <SomeOf
        legend={t.arrive.seekGender}
        options={genders}
        values={seeks.genders ?? []}
        onChange={(chosen) => onChange({ ...seeks, genders: chosen })}
      />
      <SomeOf
        legend={t.arrive.seekAge}
        options={ageBands}
        values={seeks.ageBands ?? []}
        onChange={(chosen) => onChange({ ...seeks, ageBands: chosen })}
      />
      <label class="check">
        <input
          type="checkbox"
          checked={seeks.anyLanguage === true}
          onChange={({ currentTarget }) => onChange({ ...seeks, anyLanguage: currentTarget.checked })}
        />
        <span>{t.arrive.seekAnyLanguage}</span>
      </label>
    </section>
  );
};
