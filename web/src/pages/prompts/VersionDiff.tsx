import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { type PromptVersion, promptVersion } from "../../api/genai/prompts";
import { Choice } from "../../components/Choice";
import { DiffView } from "../../components/diff/DiffView";
import { ErrorNotice, Loading } from "../../components/Notice";
import { diffLines, linesOf } from "../../lib/compare/diff";
import { templateLines } from "../../lib/genai/template";
import { plural } from "../../lib/text/format";
import type { VersionPanelProps } from "./VersionPanel";

/** How a version differs from another one: the one before it, or any that is chosen. */
export function VersionDiff({ prompt, versions, version, view, change }: VersionPanelProps) {
  const numbers = useMemo(
    () =>
      [...new Set([...versions.map((v) => v.version), version.version, view.base])]
        .filter(Boolean)
        .sort((a, b) => Number(b) - Number(a)),
    [versions, version.version, view.base],
  );
  const older = numbers.find((n) => Number(n) < Number(version.version));
  const baseNumber = view.base && view.base !== version.version ? view.base : older;
  const known = versions.find((v) => v.version === baseNumber);
  const query = useQuery({
    ...promptVersion(prompt.name, baseNumber ?? ""),
    enabled: baseNumber !== undefined && !known,
  });
  const base = known ?? query.data;
  const aliases = (n: string) =>
    prompt.aliases
      .filter((a) => a.version === n)
      .map((a) => ` @${a.alias}`)
      .join("");
  if (baseNumber === undefined) return <p className="muted span-none">There is no other version yet.</p>;
  return (
    <>
      <div className="toolbar diff-tools">
        <label className="check">
          From
          <select
            className="input"
            value={baseNumber}
            onChange={(e) => change({ base: e.target.value }, "replace")}
          >
            {numbers
              .filter((n) => n !== version.version)
              .map((n) => (
                <option key={n} value={n}>
                  {`v${n}${aliases(n)}`}
                </option>
              ))}
          </select>
        </label>
        <span className="muted">to v{version.version}</span>
        <button
          type="button"
          className="button"
          onClick={() => change({ base: version.version, version: baseNumber }, "replace")}
        >
          Swap
        </button>
        <span className="spacer" />
        <Choice
          label="Layout of differences"
          options={[
            ["lines", "Lines"],
            ["sides", "Side by side"],
          ]}
          value={view.layout}
          choose={(layout) => change({ layout }, "replace")}
        />
      </div>
      {query.error && <ErrorNotice error={query.error} what={`Could not load version ${baseNumber}`} />}
      {base ? (
        <Differences from={base} to={version} layout={view.layout} />
      ) : (
        !query.error && <Loading what={`Loading version ${baseNumber}`} />
      )}
    </>
  );
}

interface DifferencesProps {
  from: PromptVersion;
  to: PromptVersion;
  layout: "lines" | "sides";
}

const jsonLines = (value: unknown) => (value === undefined ? [] : linesOf(JSON.stringify(value), true));

function Differences({ from, to, layout }: DifferencesProps) {
  const parts = useMemo(
    () =>
      (
        [
          ["Template", (v: PromptVersion) => templateLines(v.template)],
          ["Model configuration", (v: PromptVersion) => jsonLines(v.modelConfig)],
          ["Response format", (v: PromptVersion) => jsonLines(v.responseFormat)],
          ["Tags", (v: PromptVersion) => Object.entries(v.tags).map(([key, value]) => `${key}: ${value}`)],
        ] as const
      ).map(([label, lines]) => ({ label, lines: diffLines(lines(from), lines(to)) })),
    [from, to],
  );
  return parts.map(({ label, lines }) => {
    const changed = lines.filter((l) => l.kind !== "same").length;
    if (changed === 0) {
      return label === "Template" ? (
        <p key={label} className="muted span-none">
          The templates are the same.
        </p>
      ) : null;
    }
    const removed = lines.filter((l) => l.kind === "removed").length;
    return (
      <section key={label} className="payload" aria-label={label}>
        <div className="payload-head">
          <h3>{label}</h3>
          <span className="muted payload-note">
            {plural(removed, "line")} removed, {(changed - removed).toLocaleString("en-US")} added
          </span>
        </div>
        <div className="payload-diff">
          <DiffView lines={lines} layout={layout} label={`Differences of the ${label.toLowerCase()}`} />
        </div>
      </section>
    );
  });
}
