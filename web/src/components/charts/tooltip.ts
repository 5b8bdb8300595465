import type uPlot from "uplot";
import type { XAxis } from "../../lib/charts/history";
import { formatDateTime, formatElapsed } from "../../lib/text/format";
import { type Unit, unitText } from "../../lib/text/units";

const maxLines = 8;

/** The label of a series that is the end of a band rather than a line. uPlot replaces an empty one. */
export const bandEnd = "\u2063";

/**
 * Lists the values under the cursor, the highest first, with the nearest line marked. Built with plain
 * DOM calls: it changes with every movement of the mouse.
 *
 * @param ghosts number of leading series that are raw lines behind smoothed ones
 * @param stepName what the x axis counts, where it is not time
 * @param unit what the values are counted in
 */
export function tooltip(ghosts: number, axis: XAxis, stepName = "step", unit?: Unit): uPlot.Plugin {
  const box = document.createElement("div");
  box.className = "chart-tooltip";
  box.hidden = true;

  const show = (u: uPlot) => {
    const { left = -1, top = -1, idx } = u.cursor;
    if (left < 0 || idx == null || !u.over.matches(":hover")) {
      box.hidden = true;
      return;
    }
    const near: { series: uPlot.Series; value: number }[] = [];
    for (let i = 1 + ghosts; i < u.series.length; i++) {
      if (u.series[i]!.label === bandEnd) continue;
      const value = nearestValue(u.data[i]!, idx);
      if (value !== undefined) near.push({ series: u.series[i]!, value });
    }
    if (near.length === 0) {
      box.hidden = true;
      return;
    }
    near.sort((a, b) => b.value - a.value);
    const distance = (value: number) => Math.abs(u.valToPos(value, "y") - top);
    const closest = near.reduce((a, b) => (distance(b.value) < distance(a.value) ? b : a));
    const at = Math.max(0, Math.min(near.indexOf(closest) - maxLines / 2, near.length - maxLines));
    const lines = near
      .slice(at, at + maxLines)
      .map((entry) => line(entry, near.length > 1 && entry === closest, unit));
    box.replaceChildren(text("div", xLabel(u.data[0][idx]!, axis, stepName), "chart-tooltip-x"), ...lines);
    if (near.length > maxLines) {
      box.append(text("div", `and ${near.length - maxLines} more`, "muted"));
    }
    box.hidden = false;
    place(u, left, top);
  };

  const place = (u: uPlot, left: number, top: number) => {
    const { width, height } = box.getBoundingClientRect();
    const over = u.over.getBoundingClientRect();
    const right = left + 14 + width < over.width || left < width + 14;
    const down = Math.min(Math.max(4, top - height / 2), Math.max(4, over.height - height));
    box.style.transform = `translate(${right ? left + 14 : left - width - 14}px, ${down}px)`;
  };

  return {
    hooks: {
      init: (u) => {
        u.over.append(box);
        u.over.addEventListener("mouseleave", () => {
          box.hidden = true;
        });
      },
      setCursor: show,
    },
  };
}

function line(
  { series, value }: { series: uPlot.Series; value: number },
  closest: boolean,
  unit: Unit | undefined,
): HTMLElement {
  const row = document.createElement("div");
  row.className = closest ? "chart-tooltip-line closest" : "chart-tooltip-line";
  const swatch = document.createElement("span");
  swatch.className = "swatch";
  const stroke = typeof series.stroke === "function" ? series.stroke : () => series.stroke;
  swatch.style.background = String(stroke({} as uPlot, 0) ?? "");
  row.append(
    swatch,
    text("span", String(series.label), "truncate"),
    text("b", unitText(value, unit, 4), "number"),
  );
  return row;
}

function text(tag: string, content: string, className: string): HTMLElement {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = content;
  return element;
}

/** The value at the index, or the closest one to it within the line's own samples. */
function nearestValue(column: ArrayLike<number | null | undefined>, index: number): number | undefined {
  const at = column[index];
  if (at != null) return at;
  if (at === null) return undefined;
  const reach = Math.max(20, Math.ceil(column.length / 50));
  for (let step = 1; step <= reach; step++) {
    const before = column[index - step];
    if (before != null) return before;
    const after = column[index + step];
    if (after != null) return after;
  }
  return undefined;
}

function xLabel(x: number, axis: XAxis, stepName: string): string {
  if (axis === "step") return `${stepName} ${x.toLocaleString("en-US")}`;
  return axis === "relative" ? `after ${formatElapsed(x)}` : formatDateTime(x * 1000);
}
