import { type ReactNode, type Ref, useState } from "react";
import type { CardView, ChartStyle, ChartView } from "../../../lib/view/charts";
import { Icon } from "../../Icon";
import type { PlotExports } from "../../plots/exportContext";
import { FullScreen } from "../../plots/FullScreen";
import { CardMenu } from "./CardMenu";
import "../../plots/plots.css";

/** What can be done with the cards of a page, each named by its metric or, if it was added, by its id. */
export interface CardActions {
  setOwn: (id: string, part: CardView) => void;
  setPinned: (id: string, pinned: boolean) => void;
  move: (id: string, by: 1 | -1) => void;
  drop: (id: string, on: string) => void;
  edit: (id: string) => void;
  duplicate: (id: string) => void;
  remove: (id: string) => void;
}

interface CardFrameProps {
  id: string;
  /** The name of the card in full. */
  name: string;
  /** The name as far as the section above does not show it already. */
  title: string;
  view: ChartView;
  actions: CardActions;
  /** The settings of axes that mean something for this card, as they are. */
  style?: Partial<ChartStyle>;
  /** The card takes the whole width until somebody says that it does not. */
  wideByItself?: boolean;
  /** What can be saved, once something is drawn. */
  exports?: PlotExports | undefined;
  /** Shows the data of the card as a table, or the drawing again. */
  table?: { shown: boolean; set: (shown: boolean) => void } | undefined;
  /** Beside the title. */
  head?: ReactNode;
  /** Before the buttons that all cards have. */
  tools?: ReactNode;
  /** Below the drawing. */
  foot?: ReactNode;
  ref?: Ref<HTMLElement>;
  /** The drawing, which is either in the card or alone on the screen. */
  children: (full: boolean) => ReactNode;
}

const dragType = "application/x-millrace-card";

/** A card of the charts: it has a menu, goes where it is dragged, and fills the screen. */
export function CardFrame(props: CardFrameProps) {
  const { id, name, title, view, actions, style = {}, wideByItself = false, exports, table } = props;
  const { head, tools, foot, ref, children } = props;
  const [full, setFull] = useState(false);
  const wide = view.cards[id]?.wide ?? wideByItself;
  const setWide = (on: boolean) => actions.setOwn(id, { wide: on === wideByItself ? undefined : on });
  const pinned = view.pinnedCards.includes(id);
  return (
    <article
      ref={ref}
      className={wide ? "card metric-card wide" : "card metric-card"}
      aria-label={name}
      onDragOver={(event) => {
        if (event.dataTransfer.types.includes(dragType)) event.preventDefault();
      }}
      onDrop={(event) => {
        const from = event.dataTransfer.getData(dragType);
        if (from && from !== id) actions.drop(from, id);
      }}
    >
      <div className="metric-head">
        {pinned && <Icon name="pin" size={12} />}
        <h3
          title={name}
          className="truncate"
          draggable
          onDragStart={(event) => event.dataTransfer.setData(dragType, id)}
        >
          {title}
        </h3>
        {head}
        <span className="card-tools">
          {tools}
          <button
            type="button"
            className="icon-button"
            aria-label={`${name}: full screen`}
            onClick={() => setFull(true)}
          >
            <Icon name="expand" size={13} />
          </button>
          <CardMenu {...{ id, name, style, wide, setWide, pinned, actions, exports, table }} />
        </span>
      </div>
      {full ? (
        <FullScreen title={name} onClose={() => setFull(false)}>
          <div className="card-full">{children(true)}</div>
        </FullScreen>
      ) : (
        children(false)
      )}
      {foot}
    </article>
  );
}
