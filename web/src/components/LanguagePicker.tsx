import { type Language, languages } from "../lib/text/snippets";

interface LanguagePickerProps {
  chosen: Language;
  onChoose: (language: Language) => void;
}

/** Which language a piece of code is shown in. */
export function LanguagePicker({ chosen, onChoose }: LanguagePickerProps) {
  return (
    <fieldset className="segmented">
      <legend className="visually-hidden">Language</legend>
      {languages.map((name) => (
        <button key={name} type="button" aria-pressed={chosen === name} onClick={() => onChoose(name)}>
          {name}
        </button>
      ))}
    </fieldset>
  );
}
