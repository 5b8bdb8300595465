import { type FormEvent, useId, useState } from "react";
import { logIn } from "../../api/client";
import { setPassword } from "../../api/users";
import { PasswordField } from "../../components/accounts/PasswordField";
import { errorText } from "../../components/Notice";
import { useToast } from "../../components/Toasts";
import { passwordFault } from "../../lib/accounts/password";

/** Changes the password of the user who is logged in. */
export function PasswordForm({ username }: { username: string }) {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState("");
  const toast = useToast();
  const id = useId();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setFailure("");
    try {
      await setPassword(username, next, current);
      // The change ends all sessions of the user, with this one.
      await logIn(username, next);
      setCurrent("");
      setNext("");
      toast("The password is changed");
    } catch (error) {
      setFailure(errorText(error));
    }
    setBusy(false);
  };
  return (
    <form className="password-form" onSubmit={submit}>
      {/* Password managers want to know whose password it is. */}
      <input type="text" name="username" autoComplete="username" value={username} readOnly hidden />
      <div className="stacked">
        <label className="field" htmlFor={id}>
          Current password
        </label>
        <input
          id={id}
          className="input"
          type="password"
          autoComplete="current-password"
          required
          value={current}
          onChange={(e) => setCurrent(e.target.value)}
        />
      </div>
      <PasswordField label="New password" value={next} onChange={setNext} />
      <p className="hint">You are logged out everywhere else. Access tokens stay valid.</p>
      {failure && (
        <p className="field-error" role="alert">
          {failure}
        </p>
      )}
      <button
        type="submit"
        className="button"
        disabled={busy || current === "" || next === "" || passwordFault(next) !== ""}
      >
        {busy ? "Working…" : "Change the password"}
      </button>
    </form>
  );
}
