import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { trackingURI } from "../../api/client";
import { createUser, setPassword } from "../../api/users";
import { PasswordField } from "../../components/accounts/PasswordField";
import { Snippet } from "../../components/Copy";
import { ActionDialog, Dialog } from "../../components/Dialog";
import { passwordFault } from "../../lib/accounts/password";

/** Creates a user and shows what the user needs to log in, once. */
export function CreateUserDialog({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [password, setPasswordText] = useState("");
  const [done, setDone] = useState(false);
  if (done) {
    return (
      <Credentials title="The user can log in now" username={name} password={password} onClose={onClose} />
    );
  }
  return (
    <ActionDialog
      title="New user"
      action="Create"
      disabled={name === "" || password === "" || passwordFault(password) !== ""}
      onClose={onClose}
      stay
      run={async () => {
        await createUser(name, password);
        setDone(true);
        void client.invalidateQueries({ queryKey: ["users"] });
      }}
    >
      <label className="stacked">
        <span className="field">User name</span>
        <input
          className="input"
          value={name}
          maxLength={255}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          onChange={(e) => setName(e.target.value)}
        />
      </label>
      <PasswordField label="Password" value={password} onChange={setPasswordText} canGenerate />
    </ActionDialog>
  );
}

/** Gives a user a new password, which is shown once. */
export function ResetPasswordDialog({ username, onClose }: { username: string; onClose: () => void }) {
  const [password, setPasswordText] = useState("");
  const [done, setDone] = useState(false);
  if (done) {
    return (
      <Credentials
        title="The password is changed"
        username={username}
        password={password}
        onClose={onClose}
      />
    );
  }
  return (
    <ActionDialog
      title={`New password for ${username}`}
      action="Change"
      disabled={password === "" || passwordFault(password) !== ""}
      onClose={onClose}
      stay
      run={async () => {
        await setPassword(username, password);
        setDone(true);
      }}
    >
      <PasswordField label="New password" value={password} onChange={setPasswordText} canGenerate />
      <p className="hint">{username} is logged out everywhere. Access tokens stay valid.</p>
    </ActionDialog>
  );
}

interface CredentialsProps {
  title: string;
  username: string;
  password: string;
  onClose: () => void;
}

function Credentials({ title, username, password, onClose }: CredentialsProps) {
  return (
    <Dialog title={title} onClose={onClose} persistent>
      <p className="stacked">Pass this on. The password is shown only this once; the user can change it.</p>
      <Snippet
        code={`${trackingURI()}\nUser name: ${username}\nPassword: ${password}`}
        label="address, user name and password"
      />
      <div className="dialog-actions">
        <button type="button" className="button primary" onClick={onClose}>
          Done
        </button>
      </div>
    </Dialog>
  );
}
