import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { trackingURI } from "../../api/client";
import { loggedModel, versionSignature } from "../../api/queries";
import type { ModelVersion } from "../../api/registry";
import { Snippet } from "../../components/Copy";
import { LanguagePicker } from "../../components/LanguagePicker";
import { Loading } from "../../components/Notice";
import { NumberText } from "../../components/Values";
import { championOf, championReason, latestMetrics } from "../../lib/models/registry";
import type { SignatureField } from "../../lib/models/signature";
import { plural } from "../../lib/text/format";
import { type Language, loadModel } from "../../lib/text/snippets";
import { Differences } from "./ComparePanel";
import { RunLink } from "./RunLink";

/** From the run over the logged model to the version. */
export function Lineage({ version }: { version: ModelVersion }) {
  const { data: model } = useQuery({ ...loggedModel(version.modelID), enabled: version.modelID !== "" });
  return (
    <section className="card" aria-label="Lineage">
      <ol className="lineage">
        <li>
          <span className="muted">Run</span>
          <span>
            <RunLink version={version} />
            {version.experimentName && (
              <span className="muted">
                {" in "}
                <Link to="/experiments/$experimentID" params={{ experimentID: version.experimentID }}>
                  {version.experimentName}
                </Link>
              </span>
            )}
          </span>
        </li>
        <li>
          <span className="muted">Logged model</span>
          {model ? (
            <Link
              to="/experiments/$experimentID/models/$modelID"
              params={{ experimentID: model.experimentID, modelID: model.id }}
            >
              {model.name}
            </Link>
          ) : (
            <span>{version.modelID || "none"}</span>
          )}
        </li>
        <li aria-current="page">
          <span className="muted">Version</span>
          <strong>
            {version.name} {version.version}
          </strong>
        </li>
      </ol>
    </section>
  );
}

export function VersionMetrics({ version }: { version: ModelVersion }) {
  const metrics = latestMetrics(version);
  if (metrics.length === 0) return null;
  return (
    <section className="card">
      <div className="card-head">
        <h2>Metrics</h2>
        <span className="muted number">{metrics.length}</span>
      </div>
      <div className="table-scroll">
        <table className="table metric-table">
          <thead>
            <tr>
              <th>Name</th>
              <th className="numeric">Value</th>
              <th className="numeric">Step</th>
              <th>Dataset</th>
            </tr>
          </thead>
          <tbody>
            {metrics.map((m) => (
              <tr key={[m.key, m.datasetName, m.datasetDigest].join("\n")}>
                <th scope="row" className="wrap">
                  {m.key}
                </th>
                <td className="numeric strong">
                  <NumberText value={m.value} />
                </td>
                <td className="numeric">{m.step.toLocaleString("en-US")}</td>
                <td className="cell-name" title={`${m.datasetName} ${m.datasetDigest}`}>
                  {m.datasetName || <span className="muted">–</span>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

interface ChampionDifferenceProps {
  version: ModelVersion;
  versions: readonly ModelVersion[];
}

/** What this version has over the one to beat. */
export function ChampionDifference({ version, versions }: ChampionDifferenceProps) {
  const champion = championOf(versions, version.version);
  if (!champion) return null;
  const reason = championReason(champion);
  return (
    <section className="card" aria-label="Difference against the champion">
      <div className="card-head">
        <h2>
          Against{" "}
          <Link
            to="/models/$modelName/versions/$version"
            params={{ modelName: version.name, version: champion.version }}
          >
            version {champion.version}
          </Link>
        </h2>
        <span className="muted">{reason || "the latest other version"}</span>
      </div>
      <Differences versions={[champion, version]} />
    </section>
  );
}

/** The inputs, outputs and parameters of the model. */
export function SignatureCard({ version }: { version: ModelVersion }) {
  const query = useQuery(versionSignature(version.name, version.version));
  const signature = query.data;
  const parts: [string, SignatureField[]][] = signature
    ? [
        ["Inputs", signature.inputs],
        ["Outputs", signature.outputs],
        ["Parameters", signature.params],
      ]
    : [];
  return (
    <section className="card">
      <div className="card-head">
        <h2>Signature</h2>
      </div>
      {query.isPending && (
        <div className="card-body">
          <Loading />
        </div>
      )}
      {!signature && !query.isPending && (
        <p className="card-body muted">
          {query.error
            ? "The MLmodel file of this version cannot be read here."
            : "The model was logged without a signature. Pass signature or input_example to log_model to keep one."}
        </p>
      )}
      {parts
        .filter(([, list]) => list.length > 0)
        .map(([title, list]) => (
          <SignatureTable key={title} title={title} list={list} />
        ))}
    </section>
  );
}

const fieldsAtFirst = 50;

function SignatureTable({ title, list }: { title: string; list: readonly SignatureField[] }) {
  const [all, setAll] = useState(false);
  return (
    <>
      <table className="table key-values">
        <thead>
          <tr>
            <th>{title}</th>
            <th>Type</th>
          </tr>
        </thead>
        <tbody>
          {list.slice(0, all ? undefined : fieldsAtFirst).map((field) => (
            <tr key={field.name}>
              <th scope="row" className="wrap">
                {field.name}
              </th>
              <td className="wrap mono">
                {field.type}
                {!field.required && <span className="muted"> optional</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {!all && list.length > fieldsAtFirst && (
        <p className="more">
          <button type="button" className="button" onClick={() => setAll(true)}>
            Show all {plural(list.length, "field")}
          </button>
        </p>
      )}
    </>
  );
}

const usedFor: Record<Language, string> = {
  Python: "Python code to load",
  Go: "Go code to load",
  Shell: "Commands to serve",
};

/** Ready to copy. By alias where there is one: the code then follows the alias to later versions. */
export function LoadCode({ version }: { version: ModelVersion }) {
  const [language, setLanguage] = useState<Language>("Python");
  const alias = version.aliases.includes("champion") ? "champion" : version.aliases[0];
  const code = (reference: string) => loadModel(language, trackingURI(), version.name, reference);
  return (
    <section className="card">
      <div className="card-head">
        <h2>Load this version</h2>
        <span className="spacer" />
        <LanguagePicker chosen={language} onChoose={setLanguage} />
      </div>
      <div className="card-body load-code">
        <Snippet code={code(version.version)} label={`${usedFor[language]} this version`} />
        {alias && (
          <>
            <p className="hint">Or whichever version has the alias {alias}:</p>
            <Snippet code={code(`@${alias}`)} label={`${usedFor[language]} ${alias}`} />
          </>
        )}
        {language !== "Python" && (
          <p className="hint">For models in ONNX format, and PyTorch’s (.pt2). Python is not needed.</p>
        )}
      </div>
    </section>
  );
}
