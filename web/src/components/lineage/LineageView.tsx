import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { type LineageSubject, lineageOf } from "../../api/lineage";
import { boxHeight, boxWidth, drawLineage, type Lineage, smoothPath } from "../../lib/models/lineage";
import { EmptyState, ErrorNotice, Loading } from "../Notice";
import { BoxContent, describeBox } from "./LineageBoxes";
import "./lineage.css";

interface LineageViewProps {
  subject: LineageSubject;
  /** What it is the lineage of, as in "run brave-owl". */
  what: string;
  /** Whether many nodes of a kind are shown one by one. */
  unfolded: boolean;
  setUnfolded: (unfolded: boolean) => void;
}

/** What something was made of, and what was made of it, as a graph whose nodes are links. */
export function LineageView({ subject, what, unfolded, setUnfolded }: LineageViewProps) {
  const query = useQuery(lineageOf(subject));
  const lineage = query.data;
  if (!lineage) {
    if (!query.error) return <Loading what="Loading the lineage" />;
    return (
      <ErrorNotice error={query.error} what="Could not load the lineage" retry={() => query.refetch()} />
    );
  }
  if (lineage.nodes.length === 1) {
    return (
      <EmptyState title="Nothing is known about its origin">
        <p>
          The lineage is made of what programs log: datasets by <code>mlflow.log_input</code>, models by{" "}
          <code>log_model</code> in a run, and versions that are registered from a run or a logged model.
        </p>
      </EmptyState>
    );
  }
  return (
    <section className="card lineage-card" aria-label={`Lineage of ${what}`}>
      <Graph lineage={lineage} unfolded={unfolded} setUnfolded={setUnfolded} />
      <p className="lineage-note muted" role="status">
        {lineage.bounded && `Only the nearest ${lineage.nodes.length} parts are shown. `}
        {lineage.nodes.some((n) => n.unavailable) &&
          "A part without a name was removed, or you may not read it. "}
        {unfolded && (
          <button type="button" className="link-button" onClick={() => setUnfolded(false)}>
            Fold what is alike
          </button>
        )}
      </p>
    </section>
  );
}

/** Characters that fit between two boxes. */
const maxLabel = 13;

type GraphProps = Pick<LineageViewProps, "unfolded" | "setUnfolded"> & { lineage: Lineage };

function Graph({ lineage, unfolded, setUnfolded }: GraphProps) {
  const drawing = useMemo(() => drawLineage(lineage, unfolded), [lineage, unfolded]);
  const [active, setActive] = useState<number>();
  const first = useRef<HTMLLIElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another graph is scrolled to its first node
  useEffect(() => {
    first.current?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [drawing]);
  // By layers, so that the focus moves from what is made to what it makes.
  const order = drawing.boxes.map((_, i) => i);
  order.sort((a, b) => {
    const [x, y] = [drawing.boxes[a]!, drawing.boxes[b]!];
    return x.layer - y.layer || x.y - y.y;
  });
  const { width, height } = drawing;
  return (
    <div className="lineage-scroll">
      <div className="lineage-graph" style={{ width, height }}>
        <svg width={width} height={height} aria-hidden="true">
          {drawing.lines.map(({ from, to, label, points, labelAtEnd }) => {
            const on = from === active || to === active;
            const [x, y] = points.at(-1)!;
            return (
              <g key={`${from} ${to}`} className={on ? "lineage-line on" : "lineage-line"}>
                <path d={smoothPath(points)} />
                <path className="arrow" d={`M${x - 7} ${y - 4}L${x} ${y}L${x - 7} ${y + 4}`} />
                {label && (
                  <text
                    x={labelAtEnd ? x - 8 : points[0]![0] + 6}
                    y={(labelAtEnd ? y : points[0]![1]) - 6}
                    textAnchor={labelAtEnd ? "end" : "start"}
                  >
                    {label.length <= maxLabel ? (
                      label
                    ) : (
                      <>
                        {label.slice(0, maxLabel - 1)}…<title>{label}</title>
                      </>
                    )}
                  </text>
                )}
              </g>
            );
          })}
        </svg>
        <ol>
          {order.map((i) => {
            const box = drawing.boxes[i]!;
            const isFirst = box.members[0] === 0;
            return (
              <li
                key={box.members[0]}
                ref={isFirst ? first : undefined}
                className={isFirst ? "lineage-box first" : "lineage-box"}
                style={{ left: box.x, top: box.y, width: boxWidth, height: boxHeight }}
                onMouseEnter={() => setActive(i)}
                onMouseLeave={() => setActive(undefined)}
                onFocus={() => setActive(i)}
                onBlur={() => setActive(undefined)}
              >
                <BoxContent box={box} lineage={lineage} current={isFirst} unfold={() => setUnfolded(true)} />
                <span className="visually-hidden">{sourcesText(i, drawing, lineage)}</span>
              </li>
            );
          })}
        </ol>
      </div>
    </div>
  );
}

/** The lines into a box in words, for those who do not see them. */
function sourcesText(i: number, drawing: ReturnType<typeof drawLineage>, lineage: Lineage): string {
  const sources = drawing.lines.filter((line) => line.to === i);
  if (sources.length === 0) return "";
  const texts = sources.map(({ from, label }) => {
    const text = describeBox(drawing.boxes[from]!, lineage);
    return label ? `${text} (${label})` : text;
  });
  return `, made of ${texts.join(", ")}`;
}
