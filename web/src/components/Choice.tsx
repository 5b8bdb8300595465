interface ChoiceProps<T> {
  label: string;
  options: readonly (readonly [value: T, label: string])[];
  value: T;
  choose: (value: T) => void;
}

/** A few options beside each other, one of which is chosen. */
export function Choice<T extends string | number | boolean>({
  label,
  options,
  value,
  choose,
}: ChoiceProps<T>) {
  return (
    <fieldset className="segmented">
      <legend className="visually-hidden">{label}</legend>
      {options.map(([option, text]) => (
        <button
          key={String(option)}
          type="button"
          aria-pressed={option === value}
          onClick={() => choose(option)}
        >
          {text}
        </button>
      ))}
    </fieldset>
  );
}
