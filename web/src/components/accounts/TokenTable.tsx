import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { revokeToken, type Token } from "../../api/tokens";
import { userTokens } from "../../api/userQueries";
import { isValid } from "../../lib/accounts/tokens";
import { useNow } from "../../lib/browser/hooks";
import { formatDate } from "../../lib/text/format";
import { ActionDialog } from "../Dialog";
import { ErrorNotice, Loading } from "../Notice";
import { useToast } from "../Toasts";
import { RelativeTime } from "../Values";
import { ExperimentName } from "./ResourceName";

interface TokenTableProps {
  username: string;
  /** Stands in place of an empty table. */
  empty: ReactNode;
}

/** The access tokens of a user. */
export function TokenTable({ username, empty }: TokenTableProps) {
  const query = useQuery(userTokens(username));
  const [all, setAll] = useState(false);
  const [revoking, setRevoking] = useState<Token>();
  const now = useNow();
  if (query.error) {
    return <ErrorNotice error={query.error} what="Could not load the tokens" retry={query.refetch} />;
  }
  if (!query.data) return <Loading />;
  const valid = query.data.filter((token) => isValid(token, now));
  const shown = all ? query.data : valid;
  return (
    <>
      {shown.length === 0 ? (
        empty
      ) : (
        <div className="table-scroll">
          <table className="table">
            <thead>
              <tr>
                <th>Name</th>
                <th>For</th>
                <th>Created</th>
                <th>Expires</th>
                <th>Last used</th>
                <th>
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map((token) => (
                <TokenRow
                  key={token.id}
                  token={token}
                  valid={isValid(token, now)}
                  onRevoke={() => setRevoking(token)}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {query.data.length > valid.length && (
        <label className="check token-all">
          <input type="checkbox" checked={all} onChange={(e) => setAll(e.target.checked)} />
          Show revoked and expired ones
        </label>
      )}
      {revoking && <RevokeDialog token={revoking} onClose={() => setRevoking(undefined)} />}
    </>
  );
}

function TokenRow({ token, valid, onRevoke }: { token: Token; valid: boolean; onRevoke: () => void }) {
  return (
    <tr>
      <th scope="row" className="wrap">
        {token.name || <span className="muted">(no name)</span>}
      </th>
      <td>
        <Scope token={token} />
      </td>
      <td>
        <RelativeTime timeMS={token.createdMS} />
      </td>
      <td>{token.expiresMS ? <time>{formatDate(token.expiresMS)}</time> : "Never"}</td>
      <td>
        <RelativeTime timeMS={token.lastUsedMS} />
      </td>
      <td className="numeric">
        {valid ? (
          <button
            type="button"
            className="link-button"
            aria-label={`Revoke the token ${token.name}`}
            onClick={onRevoke}
          >
            Revoke…
          </button>
        ) : (
          <span className="muted">{token.revokedMS ? "Revoked" : "Expired"}</span>
        )}
      </td>
    </tr>
  );
}

function Scope({ token: { readOnly, experimentIDs } }: { token: Token }) {
  if (!experimentIDs) return <>{readOnly ? "Reading" : "Everything the user may do"}</>;
  return (
    <>
      {readOnly && "Reading "}
      {experimentIDs.map((id, i) => (
        <span key={id}>
          {i > 0 && ", "}
          <ExperimentName id={id} />
        </span>
      ))}
    </>
  );
}

function RevokeDialog({ token, onClose }: { token: Token; onClose: () => void }) {
  const client = useQueryClient();
  const toast = useToast();
  return (
    <ActionDialog
      title="Revoke token?"
      action="Revoke"
      danger
      onClose={onClose}
      run={async () => {
        await revokeToken(token.id);
        toast(`Revoked ${token.name || "the token"}`);
        await client.invalidateQueries({ queryKey: ["users", "tokens"] });
      }}
    >
      <p>
        Programs that use <strong>{token.name || "this token"}</strong> are refused from now on. It cannot be
        restored.
      </p>
    </ActionDialog>
  );
}
