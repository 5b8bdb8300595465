import { NumberText } from "./Values";
import "./metricValues.css";

interface MeasuredValue {
  value: number;
  step: number;
  datasetName: string;
  datasetDigest: string;
}

/** One value, or one for each dataset. Its step says whether it is the end of a curve. */
export function MetricValues({ values }: { values: readonly MeasuredValue[] }) {
  if (values.length === 0) return <span className="muted">–</span>;
  return values.map((m) => (
    <div key={m.datasetName + m.datasetDigest} title={m.datasetName ? `on ${m.datasetName}` : undefined}>
      {values.length > 1 && <span className="muted">{m.datasetName || "no dataset"} </span>}
      <NumberText value={m.value} />
      {m.step > 0 && (
        <span className="muted at-step" title="The step of the value">
          @{m.step.toLocaleString("en-US")}
        </span>
      )}
    </div>
  ));
}
