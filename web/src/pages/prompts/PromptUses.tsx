import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { experimentsTag, type Prompt, type PromptVersion, promptUses } from "../../api/genai/prompts";
import { ErrorNotice, Loading } from "../../components/Notice";
import { StateGlyph } from "../../components/traces";
import { RelativeTime, StatusGlyph } from "../../components/Values";
import { experimentIDsOf, tracesWithPrompt } from "../../lib/genai/filters";
import { plural } from "../../lib/text/format";
import { formatTook } from "../../lib/traces/list";
import { previewText } from "../../lib/traces/preview";

interface PromptUsesProps {
  prompt: Prompt;
  version: PromptVersion;
}

/** The traces and runs that have loaded the version. */
export function PromptUses({ prompt, version }: PromptUsesProps) {
  const tag = prompt.allTags[experimentsTag];
  const ids = useMemo(() => experimentIDsOf(tag), [tag]);
  const { data, error, refetch } = useQuery(promptUses(prompt.name, version.version, ids));
  if (error) return <ErrorNotice error={error} what="Could not load what uses it" retry={() => refetch()} />;
  if (!data) return <Loading what="Looking for traces and runs" />;
  const { traces, runs, experimentIDs } = data;
  const filter = tracesWithPrompt(prompt.name, version.version);
  return (
    <div className="prompt-uses">
      <p className="muted">
        Looked for in {plural(experimentIDs.length, "experiment")}
        {ids.length === 0 ? " that changed last, because the prompt names none" : " of the prompt"}.
      </p>
      {experimentIDs.length === 1 && traces.length > 0 && (
        <Link
          className="button"
          to="/experiments/$experimentID/traces"
          params={{ experimentID: experimentIDs[0]! }}
          search={{ q: filter } as never}
        >
          Show the traces as a list
        </Link>
      )}
      <section aria-label="Traces">
        <h3>
          Traces <span className="muted number">{atMost(traces.length)}</span>
        </h3>
        {traces.length === 0 && (
          <p className="muted">None: a trace is linked when a program loads the prompt in it.</p>
        )}
        <ul>
          {traces.map((t) => (
            <li key={t.id}>
              <StateGlyph state={t.state} />
              <Link
                className="truncate"
                to="/experiments/$experimentID/traces/$traceID"
                params={{ experimentID: t.experimentID, traceID: t.id }}
              >
                {previewText(t.request) || t.name || t.id}
              </Link>
              <span className="muted number">
                {t.durationMS === undefined ? "" : formatTook(t.durationMS)}
              </span>
              <span className="muted">
                <RelativeTime timeMS={t.startMS} />
              </span>
            </li>
          ))}
        </ul>
      </section>
      <section aria-label="Runs">
        <h3>
          Runs <span className="muted number">{atMost(runs.length)}</span>
        </h3>
        {runs.length === 0 && <p className="muted">None.</p>}
        <ul>
          {runs.map((r) => (
            <li key={r.id}>
              <StatusGlyph status={r.status} />
              <Link
                className="truncate"
                to="/experiments/$experimentID/runs/$runID"
                params={{ experimentID: r.experimentID, runID: r.id }}
              >
                {r.name}
              </Link>
              <span />
              <span className="muted">
                <RelativeTime timeMS={r.startMS} />
              </span>
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}

const mostShown = 100;
const atMost = (n: number) => (n >= mostShown ? `${n}, the newest` : String(n));
