import { useLayoutEffect, useRef } from "react";
import type { Plot } from "../../lib/plots/plot";

/** Tells the values of a mark beside it; screen readers announce it as it changes. */
export function PlotTooltip({ plot, mark, pick }: { plot: Plot; mark: number; pick: boolean }) {
  const ref = useRef<HTMLDivElement>(null);
  const { x, y } = plot.marks[mark]!;
  const { title, lines } = plot.describe(mark);
  useLayoutEffect(() => {
    const box = ref.current;
    if (!box) return;
    const { offsetWidth: width, offsetHeight: height } = box;
    const left = x + 14 + width > plot.width ? x - 14 - width : x + 14;
    const top = Math.min(Math.max(0, y - height / 2), Math.max(0, plot.height - height));
    box.style.transform = `translate(${Math.max(0, left)}px, ${top}px)`;
  });
  return (
    <div ref={ref} className="plot-tooltip" role="status">
      <strong className="plot-tooltip-title">{title}</strong>
      <dl>
        {lines.slice(0, 12).map(([name, text], i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two columns may share a name
          <div key={i}>
            <dt className="truncate">{name}</dt>
            <dd className="number truncate">{text}</dd>
          </div>
        ))}
      </dl>
      {pick && <p className="muted">Click or press Enter to open</p>}
    </div>
  );
}
