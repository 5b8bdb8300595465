import { type FormEvent, useEffect, useId, useState } from "react";
import { ApiError, logIn } from "../../api/client";
import { loginURL } from "../../lib/accounts/session";
import { useTitle } from "../../lib/browser/hooks";
import { Dialog } from "../Dialog";
import { errorText } from "../Notice";
import "./login.css";
import { useSessionState } from "./useSession";

/** Asks who the user is before there is a page. */
export function LoginPage() {
  useTitle("Log in");
  return (
    <div className="login card">
      <h1>Log in</h1>
      <LoginForm />
    </div>
  );
}

/** Asks for the password again over the page that the user was on. */
export function LoginDialog({ username }: { username: string }) {
  return (
    <Dialog title="Log in again" onClose={() => {}} persistent>
      <p className="login-why">Your session has ended. The page goes on where you were after you log in.</p>
      <LoginForm username={username} />
    </Dialog>
  );
}

function LoginForm({ username = "" }: { username?: string }) {
  const [name, setName] = useState(username);
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const wait = useCountdown();
  const ids = useId();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setFailure(undefined);
    try {
      await logIn(name, password);
    } catch (error) {
      setBusy(false);
      if (error instanceof ApiError && error.status === 401) {
        setFailure("The user name and the password do not belong together.");
      } else if (error instanceof ApiError && error.retryAfterS) {
        wait.start(error.retryAfterS);
      } else {
        setFailure(errorText(error));
      }
    }
  };
  const message = wait.left > 0 ? `Too many logins failed. Try again in ${wait.left} s.` : failure;
  return (
    <form onSubmit={submit} className="login-form">
      <label className="field" htmlFor={`${ids}n`}>
        User name
      </label>
      <input
        id={`${ids}n`}
        className="input"
        name="username"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        required
        // biome-ignore lint/a11y/noAutofocus: the form is all there is
        autoFocus={username === ""}
        value={name}
        onChange={(e) => setName(e.target.value)}
      />
      <label className="field" htmlFor={`${ids}p`}>
        Password
      </label>
      <input
        id={`${ids}p`}
        className="input"
        type="password"
        name="password"
        autoComplete="current-password"
        required
        // Dialogs look for the attribute, which React does not set.
        ref={(input) => {
          input?.toggleAttribute("autofocus", username !== "");
        }}
        value={password}
        onChange={(e) => setPassword(e.target.value)}
      />
      {message && (
        <p className="field-error" role={wait.left > 0 ? "status" : "alert"}>
          {message}
        </p>
      )}
      <div className="dialog-actions">
        <button type="submit" className="button primary" disabled={busy || wait.left > 0}>
          {busy ? "Logging in…" : "Log in"}
        </button>
      </div>
      <ProviderButton />
    </form>
  );
}

/** Leads to the provider of single sign-on, if the server has one. */
function ProviderButton() {
  const provider = useSessionState().session?.provider;
  if (!provider) return null;
  return (
    <a className="button login-provider" href={loginURL(provider, location.hash)}>
      Log in with {provider.name}
    </a>
  );
}

/** Counts seconds down to 0. */
function useCountdown() {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    if (left <= 0) return;
    const timer = setTimeout(() => setLeft(left - 1), 1000);
    return () => clearTimeout(timer);
  }, [left]);
  return { left, start: setLeft };
}
