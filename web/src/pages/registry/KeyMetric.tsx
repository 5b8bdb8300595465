import { useQuery } from "@tanstack/react-query";
import { loggedModel, runDetail } from "../../api/queries";
import type { ModelVersion } from "../../api/registry";
import { NumberText } from "../../components/Values";
import { keyMetric, keyRunMetric } from "../../lib/models/registry";

/** The metric that says most about the newest version: of its logged model, or else of its run. */
export function KeyMetric({ version }: { version: ModelVersion }) {
  const { data: model } = useQuery({ ...loggedModel(version.modelID), enabled: version.modelID !== "" });
  const own = model && keyMetric(model);
  // A value of step 0 may be the beginning of a curve, whose end the run knows.
  const vague = !own || (own.step === 0 && own.dataset === "");
  const wantRun = version.runID !== "" && vague && (version.modelID === "" || model !== undefined);
  const { data: run } = useQuery({ ...runDetail(version.runID), enabled: wantRun });
  const metric = (model && keyMetric(model, run)) ?? (run && keyRunMetric(run));
  if (!metric) return <span className="muted">–</span>;
  return (
    <span className="key-metric">
      <span className="muted truncate" title={metric.key}>
        {metric.key}
      </span>{" "}
      <NumberText value={metric.value} />{" "}
      {metric.dataset && (
        <span className="muted truncate" title={metric.dataset}>
          on {metric.dataset}
        </span>
      )}
    </span>
  );
}
