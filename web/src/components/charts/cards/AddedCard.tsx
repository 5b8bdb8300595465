import { useMemo } from "react";
import { type Card, curvesOf, titleOf } from "../../../lib/cards/card";
import type { XAxis } from "../../../lib/charts/history";
import { isSystemMetric } from "../../../lib/runs/columns";
import { systemPanels } from "../../../lib/runs/system";
import { ImagesCard } from "./ImagesCard";
import { LineCard } from "./LineCard";
import { PlotCard, type PlotCardProps } from "./PlotCard";

interface AddedCardProps extends PlotCardProps {
  axis: XAxis;
  refetchInterval: number | false;
  onZoom: (zoom: readonly [number, number] | undefined) => void;
}

/** A card that somebody added, of any kind. */
export function AddedCard({ axis, onZoom, refetchInterval, ...rest }: AddedCardProps) {
  const { card, runs, view, actions, focusID } = rest;
  if (card.kind === "line") return <AddedLines {...{ card, runs, view, actions, focusID, axis, onZoom }} />;
  if (card.kind === "images") return <ImagesCard {...rest} refetchInterval={refetchInterval} />;
  return <PlotCard {...rest} />;
}

type AddedLinesProps = Pick<
  AddedCardProps,
  "card" | "runs" | "view" | "actions" | "focusID" | "axis" | "onZoom"
>;

function AddedLines({ card, ...rest }: AddedLinesProps) {
  const metrics = useMetrics(card);
  const name = titleOf(card);
  const shown = { id: card.id, name, title: name, base: card.base };
  // Loads of one kind keep the names and the unit that they have on the page of the run.
  const [panel, other] = useMemo(
    () => (metrics.every(isSystemMetric) ? systemPanels(metrics) : []),
    [metrics],
  );
  const told = panel && !other ? { labels: panel.labels, unit: panel.unit } : {};
  return <LineCard {...shown} {...told} metrics={metrics} {...rest} />;
}

/** The same list as long as the card draws the same. */
function useMetrics(card: Card): readonly string[] {
  const text = JSON.stringify(curvesOf(card));
  return useMemo(() => JSON.parse(text) as string[], [text]);
}
