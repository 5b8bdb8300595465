import type { Ref } from "react";
import { Icon } from "./Icon";

interface SearchFieldProps {
  /** Accessible name, such as "Search models". */
  label: string;
  placeholder?: string;
  value: string;
  onChange: (text: string) => void;
  inputRef?: Ref<HTMLInputElement>;
  className?: string;
}

/** A text field with a search icon. */
export function SearchField({
  label,
  placeholder = label,
  value,
  onChange,
  inputRef,
  className,
}: SearchFieldProps) {
  return (
    <label className={className ? `input-icon ${className}` : "input-icon"}>
      <span className="visually-hidden">{label}</span>
      <Icon name="search" size={14} />
      <input
        ref={inputRef}
        type="search"
        className="input"
        placeholder={placeholder}
        value={value}
        onChange={(e) => onChange(e.target.value)}
      />
    </label>
  );
}
