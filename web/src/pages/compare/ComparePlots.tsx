import { useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { AxisPicker } from "../../components/plots/AxisPicker";
import { BarPlot } from "../../components/plots/BarPlot";
import { BoxPlot } from "../../components/plots/BoxPlot";
import { ContourPlot } from "../../components/plots/ContourPlot";
import { HistogramPlot } from "../../components/plots/HistogramPlot";
import { ParallelPlot } from "../../components/plots/ParallelPlot";
import { PlotFrame } from "../../components/plots/PlotFrame";
import { ScatterPlot } from "../../components/plots/ScatterPlot";
import { axisGroups, defaultAxes, itemsOf } from "../../lib/compare/items";
import { suitsLog } from "../../lib/plots/axis";
import { columnTitle, readColumn } from "../../lib/plots/item";
import { brushed } from "../../lib/plots/parallel";
import { plural } from "../../lib/text/format";
import { AxisSelect } from "./AxisSelect";
import type { CompareProps } from "./compareProps";

/** Narrow windows start with fewer axes. */
const axesInSight = Math.min(8, Math.max(3, Math.floor(window.innerWidth / 130)));

const fullHeight = Math.max(320, window.innerHeight - 140);

/** The runs over their settings and results. What is brushed in the first plot is drawn in the others. */
export function ComparePlots({ runs, experiments, view, change }: CompareProps) {
  const navigate = useNavigate();
  const [focusID, setFocusID] = useState<string>();
  const items = useMemo(() => itemsOf(runs, experiments), [runs, experiments]);
  const groups = useMemo(() => axisGroups(runs), [runs]);
  const usual = useMemo(() => defaultAxes(runs, items, axesInSight), [runs, items]);
  const [x, y, z] = [view.x || usual.x, view.y || usual.y, view.z || usual.z];
  const axes = view.axes.length > 0 ? view.axes : usual.parallel;
  const isLog = (key: string, choice: string) => (choice ? choice === "1" : suitsLog(readColumn(items, key)));
  const [logX, logY, logZ] = [isLog(x, view.logX), isLog(y, view.logValues), isLog(z, "")];
  const chosen = useMemo(() => brushed(items, axes, view.brushes), [items, axes, view.brushes]);
  const open = ([id]: readonly string[]) => {
    const run = runs.find((other) => other.id === id);
    if (run) {
      void navigate({
        to: "/experiments/$experimentID/runs/$runID",
        params: { experimentID: run.experimentID, runID: run.id },
      });
    }
  };
  const shared = {
    items: chosen,
    focusID,
    onHover: (ids: readonly string[] | undefined) => setFocusID(ids?.length === 1 ? ids[0] : undefined),
  };
  const [xName, yName, zName] = [x, y, z].map(columnTitle);
  const height = (full: boolean) => (full ? fullHeight : undefined);
  const none = chosen.length === 0 ? "No run is inside the brushes" : undefined;
  return (
    <>
      <h2 className="visually-hidden">Plots</h2>
      <PlotFrame
        title="Parallel coordinates"
        controls={
          <>
            {chosen.length < items.length && (
              <button type="button" className="link-button" onClick={() => change({ brushes: {} })}>
                {chosen.length} of {plural(items.length, "run")}: show all
              </button>
            )}
            <AxisPicker
              {...{ items, axes, groups }}
              brushes={view.brushes}
              changeAxes={(next) => change({ axes: next })}
              changeBrushes={(brushes) => change({ brushes })}
            />
          </>
        }
      >
        {(full) => (
          <ParallelPlot
            {...shared}
            items={items}
            axes={axes}
            colourBy={y}
            brushes={view.brushes}
            onBrush={(brushes) => change({ brushes }, "replace")}
            onPick={open}
            height={height(full)}
          />
        )}
      </PlotFrame>
      <div className="toolbar plot-axes">
        <AxisSelect label="x" value={x} groups={groups} onChange={(key) => change({ x: key, logX: "" })} />
        <LogBox label="Log x" on={logX} set={(on) => change({ logX: on ? "1" : "0" })} />
        <AxisSelect
          label="y"
          value={y}
          groups={groups}
          onChange={(key) => change({ y: key, logValues: "" })}
        />
        <LogBox label="Log y" on={logY} set={(on) => change({ logValues: on ? "1" : "0" })} />
        <AxisSelect
          label="z"
          title="Colours the scatter plot, and is the second axis of the contours"
          value={z}
          groups={groups}
          onChange={(key) => change({ z: key })}
        />
      </div>
      <div className="plot-grid">
        <PlotFrame title={`${yName} over ${xName}`} empty={none}>
          {(full) => (
            <ScatterPlot
              {...shared}
              {...{ x, y, logX, logY }}
              colourBy={z}
              onPick={open}
              height={height(full)}
            />
          )}
        </PlotFrame>
        <PlotFrame title={`${yName} over ${xName} and ${zName}`} empty={none}>
          {(full) => (
            <ContourPlot
              {...shared}
              {...{ x, y: z, z: y, logX, logY: logZ }}
              onPick={open}
              height={height(full)}
            />
          )}
        </PlotFrame>
        <PlotFrame title={`${yName} by ${xName}`} empty={none}>
          {(full) => <BoxPlot {...shared} {...{ x, y, logY }} height={height(full)} />}
        </PlotFrame>
        <PlotFrame title={`${yName}: distribution`} empty={none}>
          {(full) => <HistogramPlot {...shared} x={y} logX={logY} height={full ? fullHeight : 340} />}
        </PlotFrame>
      </div>
      <PlotFrame title={`${yName}: ranking`} empty={none}>
        {() => <BarPlot {...shared} y={y} onPick={open} />}
      </PlotFrame>
    </>
  );
}

function LogBox({ label, on, set }: { label: string; on: boolean; set: (on: boolean) => void }) {
  return (
    <label className="check">
      <input type="checkbox" checked={on} onChange={(e) => set(e.target.checked)} />
      {label}
    </label>
  );
}
