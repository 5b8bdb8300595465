import { useId, useState } from "react";
import { generatePassword, minPassword, passwordFault } from "../../lib/accounts/password";
import { CopyButton } from "../Copy";

interface PasswordFieldProps {
  label: string;
  value: string;
  onChange: (password: string) => void;
  /** Offers to make a password, which is shown to be passed on. */
  canGenerate?: boolean;
}

/** A field for a new password. */
export function PasswordField({ label, value, onChange, canGenerate }: PasswordFieldProps) {
  const [shown, setShown] = useState(false);
  const id = useId();
  return (
    <div className="stacked">
      <label className="field" htmlFor={id}>
        {label}
      </label>
      <div className="password-line">
        <input
          id={id}
          className={shown ? "input mono" : "input"}
          type={shown ? "text" : "password"}
          autoComplete="new-password"
          spellCheck={false}
          required
          aria-describedby={`${id}h`}
          value={value}
          onChange={(e) => onChange(e.target.value)}
        />
        {canGenerate && shown && value && <CopyButton text={value} label="Copy password" />}
        {canGenerate && (
          <button
            type="button"
            className="button"
            onClick={() => {
              onChange(generatePassword());
              setShown(true);
            }}
          >
            Generate a password
          </button>
        )}
      </div>
      <label className="check">
        <input type="checkbox" checked={shown} onChange={(e) => setShown(e.target.checked)} />
        Show the password
      </label>
      <p id={`${id}h`} className={passwordFault(value) ? "field-error" : "hint"} aria-live="polite">
        {passwordFault(value) || `At least ${minPassword} characters.`}
      </p>
    </div>
  );
}
