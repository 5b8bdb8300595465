import { useMemo, useState } from "react";
import { type Card, isAdded } from "../../../lib/cards/card";
import type { XAxis } from "../../../lib/charts/history";
import type { Section } from "../../../lib/charts/order";
import type { Shape } from "../../../lib/charts/shape";
import type { Panel } from "../../../lib/runs/system";
import { ValueStrip } from "../ValueStrip";
import { AddedCard } from "./AddedCard";
import { LineCard, type Report } from "./LineCard";
import type { PlotCardProps } from "./PlotCard";

/** A run may have thousands of metrics; cards come in portions of this size. */
const portion = 60;

/** What all cards of a page share. */
export interface CardContext extends Omit<PlotCardProps, "card"> {
  cards: readonly Card[];
  panels: readonly Panel[] | undefined;
  shapes: ReadonlyMap<string, Shape>;
  axis: XAxis;
  axisOf: (metric: string) => XAxis;
  report: Report;
  onZoom: (zoom: readonly [number, number] | undefined) => void;
  refetchInterval: number | false;
}

export type TitledSection = Section & { title?: string };

interface CardSectionProps {
  section: TitledSection;
  shared: CardContext;
}

/** Cards under a heading. Metrics with one value share a strip. */
export function CardSection({ section, shared }: CardSectionProps) {
  const { prefix, title = prefix, members } = section;
  const { shapes, runs, focusID, report } = shared;
  const [limit, setLimit] = useState(portion);
  const within = members.slice(0, limit);
  const single = within.filter((metric) => shapes.get(metric)?.single);
  return (
    <details className="metric-section" open>
      <summary>
        <h2>
          {title || "Metrics"} <span className="muted">{members.length}</span>
        </h2>
      </summary>
      <div className="metric-grid">
        {within
          .filter((id) => !shapes.get(id)?.single)
          .map((id) => (
            <AnyCard key={id} id={id} prefix={prefix} shared={shared} />
          ))}
      </div>
      {single.length > 0 && (
        <ValueStrip metrics={single} prefix={prefix} runs={runs} focusID={focusID} report={report} />
      )}
      {members.length > limit && (
        <p className="more">
          <button type="button" className="button" onClick={() => setLimit(limit + portion)}>
            Show {Math.min(portion, members.length - limit)} more of {members.length}
          </button>
        </p>
      )}
    </details>
  );
}

function AnyCard({ id, prefix, shared }: { id: string; prefix: string; shared: CardContext }) {
  const { cards, panels, groups, shapes, axisOf, report, ...rest } = shared;
  const metrics = useMemo(() => [id], [id]);
  const card = isAdded(id) ? cards.find((other) => other.id === id) : undefined;
  if (card) return <AddedCard {...{ card, groups }} {...rest} />;
  const panel = panels?.find((other) => other.id === id);
  if (panel) return <LineCard {...rest} {...panel} name={panel.title} />;
  const title = prefix ? id.slice(prefix.length + 1) : id;
  return <LineCard {...rest} {...{ id, name: id, title, metrics, report }} axis={axisOf(id)} />;
}
