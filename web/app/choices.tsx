import { useId } from 'preact/hooks';

interface Option<T extends string> {
  value: T;
  label: string;
}

interface OneOfProps<T extends string> {
  legend: string;
  hint?: string;
  options: readonly Option<T>[];
  value: T | undefined;
  onChange(value: T): void;
  required?: boolean;
}

/** One choice of a few, as a row of radio buttons. */
export const OneOf = <T extends string>({ legend, hint, options, value, onChange, required }: OneOfProps<T>) => {
  const name = useId();
  return (
    <fieldset class="choices">
      <legend>
        {legend} {hint && <span class="hint">{hint}</span>}
      </legend>
      <div class="segments">
        {options.map((option) => (
          <label key={option.value}>
            <input
              type="radio"
              name={name}
              value={option.value}
              required={required}
              checked={option.value === value}
              onChange={() => onChange(option.value)}
            />
            <span>{option.label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
};

interface SomeOfProps<T extends string> {
  legend: string;
  options: readonly Option<T>[];
  values: readonly T[];
  onChange(values: T[]): void;
}

/** Any number of a few, as a row of check boxes; the order of the options is kept. */
export const SomeOf = <T extends string>({ legend, options, values, onChange }: SomeOfProps<T>) => (
  <fieldset class="choices">
    <legend>{legend}</legend>
    <div class="segments">
      {options.map(({ value, label }) => (
        <label key={value}>
          <input
            type="checkbox"
            checked={values.includes(value)}
            onChange={({ currentTarget: { checked } }) =>
              onChange(
                options
                  .map((option) => option.value)
                  .filter((each) => (each === value ? checked : values.includes(each))),
              )
            }
          />
          <span>{label}</span>
        </label>
      ))}
    </div>
  </fieldset>
);
