import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { trackingURI } from "../../api/client";
import { type ServerDetails, serverDetails } from "../../api/serverDetails";
import { CopyButton } from "../../components/Copy";
import { ErrorNotice, Loading } from "../../components/Notice";
import { useNow } from "../../lib/browser/hooks";
import { formatBytes, formatDuration } from "../../lib/text/format";
import { SettingsCard } from "./SettingsCard";

type Fact = [name: string, value: ReactNode, copied?: string];

/** What the server is. Administrators also see where its data is. */
export function ServerCard() {
  const query = useQuery(serverDetails());
  const details = query.data;
  return (
    <SettingsCard title="Server">
      {!details && !query.error && <Loading what="Asking the server" />}
      {!details && query.error && (
        <ErrorNotice
          error={query.error}
          what="Could not ask the server what it is"
          retry={() => query.refetch()}
        />
      )}
      {details && (
        <>
          <Facts facts={general(details)} />
          {details.settings && (
            <>
              <h3>Where its data is</h3>
              <Facts facts={placesOf(details.settings)} />
            </>
          )}
          {!details.admin && <p className="muted">Administrators also see where the data is.</p>}
        </>
      )}
    </SettingsCard>
  );
}

function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className="server-facts">
      {facts.map(([name, value, copied]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {value}
            {copied && <CopyButton text={copied} label={`Copy ${name.toLowerCase()}`} />}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function general({ version, mlflow_version, database, artifacts, users, limits }: ServerDetails): Fact[] {
  const longer = limits.truncates ? "longer ones are cut" : "longer ones are refused";
  const count = (n: number) => n.toLocaleString("en-US");
  return [
    ["Tracking URI", <code key="uri">{trackingURI()}</code>, trackingURI()],
    ["Version", version],
    ["MLflow API", mlflow_version],
    ["Database", database],
    [
      "Files",
      artifacts
        ? `in ${artifacts === "directory" ? "a directory" : `a store of ${artifacts}`}`
        : "are not served",
    ],
    [
      "Users",
      users ? "with passwords, roles and permissions" : "none: everybody who reaches it may do everything",
    ],
    [
      "Largest request",
      `${formatBytes(limits.request_bytes)}, ${count(limits.batch_metrics)} metrics in a batch`,
    ],
    [
      "Longest values",
      `params ${count(limits.param_length)}, tags of runs ${count(limits.tag_length)} characters; ${longer}`,
    ],
  ];
}

function placesOf(s: NonNullable<ServerDetails["settings"]>): Fact[] {
  const uri = (text: string): [ReactNode, string] => [<code key="uri">{text}</code>, text];
  const facts: Fact[] = [
    ["Database", ...uri(s.database_uri)],
    ["Release of the database", s.database_version],
    ["Revision of the tables", <code key="revision">{s.schema_revision}</code>],
  ];
  if (s.read_store_uri) facts.push(["Standby", ...uri(s.read_store_uri)]);
  if (s.artifacts_destination) facts.push(["Files", ...uri(s.artifacts_destination)]);
  facts.push(["Root of new experiments", ...uri(s.default_artifact_root)]);
  if (s.static_prefix) facts.push(["Path prefix", <code key="prefix">{s.static_prefix}</code>]);
  facts.push(
    ["Running for", <Uptime key="uptime" startedMS={s.started_ms} />],
    ["Built with", `${s.go_version} for ${s.platform}`],
  );
  return facts;
}

function Uptime({ startedMS }: { startedMS: number }) {
  return <>{formatDuration(Math.max(0, useNow() - startedMS))}</>;
}
