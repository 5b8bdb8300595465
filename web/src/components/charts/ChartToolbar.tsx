import { useDeferredText } from "../../lib/browser/hooks";
import { spreads } from "../../lib/charts/bands";
import type { Grouping } from "../../lib/charts/groups";
import type { XAxis } from "../../lib/charts/history";
import { type ChartView, decodeRange, encodeRange } from "../../lib/view/charts";
import { oneOf } from "../../lib/view/search";
import { Icon } from "../Icon";
import { Popover } from "../Popover";
import { SearchField } from "../SearchField";
import { spreadNames } from "./GroupLegend";
import { RangeField } from "./RangeField";

const axes: [XAxis, string][] = [
  ["step", "Step"],
  ["relative", "Relative time"],
  ["wall", "Wall time"],
];

interface ChartToolbarProps {
  view: ChartView;
  /** The axis in use, chosen or not. */
  axis: XAxis;
  /** Steps repeat, so they are not the axis unless somebody chooses them. */
  repeats: boolean;
  /** Metrics that can be the x axis. */
  metrics: readonly string[];
  groupings: readonly Grouping[];
  change: (part: Partial<ChartView>, how?: "push" | "replace") => void;
  /** Opens the dialog for one more card. */
  add: () => void;
}

/** Settings that hold for all charts of the page. */
export function ChartToolbar(props: ChartToolbarProps) {
  const { view, axis: shownAxis, repeats, metrics, groupings, change, add } = props;
  const [text, setText] = useDeferredText(view.metricText, (value) =>
    change({ metricText: value }, "replace"),
  );
  const [weight, setWeight] = useDeferredText(String(view.smoothing), (value) =>
    change({ smoothing: Number(value) }, "replace"),
  );
  return (
    <div className="toolbar chart-toolbar">
      <button type="button" className="button primary" onClick={add}>
        <Icon name="plus" size={14} /> Add chart
      </button>
      <SearchField label="Search metrics" value={text} onChange={setText} />
      <fieldset className="segmented">
        <legend className="visually-hidden">X axis</legend>
        {axes.map(([axis, label]) => (
          <button
            key={axis}
            type="button"
            aria-pressed={!view.xMetric && shownAxis === axis}
            onClick={() => change({ axis, xMetric: undefined, zoom: undefined })}
          >
            {label}
          </button>
        ))}
      </fieldset>
      {view.axis === undefined && shownAxis === "relative" && repeats && (
        <span className="muted" role="status">
          steps repeat, so the axis is time
        </span>
      )}
      <label className="check" title="Exponential moving average, corrected for its start at zero">
        Smoothing
        <input
          type="range"
          min={0}
          max={0.99}
          step={0.01}
          value={weight}
          onChange={(e) => setWeight(e.target.value)}
        />
        <span className="number smoothing-value">{Number(weight).toFixed(2)}</span>
      </label>
      <label className="check">
        <input type="checkbox" checked={view.logY} onChange={(e) => change({ logY: e.target.checked })} />
        Log y
      </label>
      {groupings.length > 0 && (
        <label className="check">
          Group by
          <select
            className="input"
            aria-label="Group by"
            value={groupings.some(({ id }) => id === view.group) ? view.group : ""}
            onChange={(e) => change({ group: e.target.value })}
          >
            <option value="">nothing</option>
            {groupings.map(({ id, label }) => (
              <option key={id} value={id}>
                {label}
              </option>
            ))}
          </select>
          {groupings.some(({ id }) => id === view.group) && (
            <select
              className="input"
              aria-label="Spread of a group"
              title="What the band around the mean shows"
              value={view.spread}
              onChange={(e) => change({ spread: oneOf(spreads, e.target.value) })}
            >
              {spreads.map((spread) => (
                <option key={spread} value={spread}>
                  {spreadNames[spread].short}
                </option>
              ))}
            </select>
          )}
        </label>
      )}
      <Popover label="Axes of all charts" trigger="Axes">
        {() => <AxisPanel view={view} metrics={metrics} change={change} />}
      </Popover>
      {view.zoom ? (
        <button type="button" className="button" onClick={() => change({ zoom: undefined })}>
          Reset zoom
        </button>
      ) : (
        <span className="muted zoom-hint">Drag across a chart to zoom, double-click to reset</span>
      )}
    </div>
  );
}

/** Longer lists are searched by typing, which a select does. */
function AxisPanel({ view, metrics, change }: Pick<ChartToolbarProps, "view" | "metrics" | "change">) {
  return (
    <div className="card-menu">
      <label className="check">
        <input type="checkbox" checked={view.xLog} onChange={(e) => change({ xLog: e.target.checked })} /> Log
        x
      </label>
      <label className="check" title="Shows the values from the 1st to the 99th percentile">
        <input
          type="checkbox"
          checked={view.ignoreOutliers}
          onChange={(e) => change({ ignoreOutliers: e.target.checked })}
        />{" "}
        Ignore outliers
      </label>
      <RangeField
        range={encodeRange(view.yRange)}
        set={(text) => change({ yRange: decodeRange(text) }, "replace")}
      />
      <label className="x-metric">
        x axis
        <select
          className="input"
          aria-label="x axis"
          value={view.xMetric ?? ""}
          onChange={(e) => change({ xMetric: e.target.value || undefined, zoom: undefined })}
        >
          <option value="">step or time</option>
          {metrics.map((metric) => (
            <option key={metric} value={metric}>
              {metric}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}
