import { useId } from "react";

interface NameFieldProps {
  label: string;
  value: string;
  /** The names that the browser offers while people type. */
  names: readonly string[];
  placeholder?: string;
  onChange: (name: string) => void;
}

/** A field for one of many names: of users, roles or experiments. */
export function NameField({ label, value, names, placeholder, onChange }: NameFieldProps) {
  const id = useId();
  return (
    <label className="stacked">
      <span className="field">{label}</span>
      <input
        className="input"
        list={id}
        value={value}
        placeholder={placeholder}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        onChange={(e) => onChange(e.target.value)}
      />
      <datalist id={id}>
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </label>
  );
}
