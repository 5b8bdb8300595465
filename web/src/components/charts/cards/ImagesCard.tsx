import { lazy, Suspense } from "react";
import { type Card, imagesColumn, titleOf } from "../../../lib/cards/card";
import type { PlotItem } from "../../../lib/plots/item";
import { plural } from "../../../lib/text/format";
import type { MediaView } from "../../../lib/view/media";
import { mediaCodec } from "../../../lib/view/media";
import { CardFrame } from "./CardFrame";
import type { PlotCardProps } from "./PlotCard";

// Most pages of charts show no files.
const MediaGrid = lazy(async () => ({ default: (await import("../../media/MediaGrid")).MediaGrid }));

/** How many runs are beside each other. */
const runsShown = 12;

const nothing = <p className="muted">No images, figures or tables by step in these runs.</p>;

/** The images, figures and tables of the runs at one step, as the Media page shows them. */
export function ImagesCard({
  card,
  found,
  view,
  actions,
  update,
  refetchInterval,
}: PlotCardProps & { refetchInterval: number | false }) {
  const name = titleOf(card);
  // Runs with images are known by a tag; figures and tables leave none.
  const isTagged = ({ values }: PlotItem) => values[imagesColumn] !== undefined;
  const likely = [...found.items.filter(isTagged), ...found.items.filter((item) => !isTagged(item))];
  const runs = likely.slice(0, runsShown).map(({ id, label }) => ({ id, name: label }));
  return (
    <CardFrame
      {...{ id: card.id, name, title: name, view, actions }}
      wideByItself
      foot={
        likely.length > runsShown && (
          <p className="metric-note">
            The first {runsShown} of {plural(likely.length, "run")}, those with images first.
          </p>
        )
      }
    >
      {(full) => (
        <div className={full ? "card-images full" : "card-images"}>
          {runs.length === 0 ? (
            <p className="muted">{found.pending ? "Loading…" : "There are no runs."}</p>
          ) : (
            <Suspense fallback={<p className="muted">Loading…</p>}>
              <MediaGrid
                runs={runs}
                view={mediaViewOf(card)}
                change={(part) => update(withMedia(card, part))}
                refetchInterval={refetchInterval}
                empty={nothing}
              />
            </Suspense>
          )}
        </div>
      )}
    </CardFrame>
  );
}

function mediaViewOf({ key, step, size = "small" }: Card): MediaView {
  return mediaCodec.decode({ key: key ?? "", step: step ?? "", size });
}

function withMedia(card: Card, part: Partial<MediaView>): Card {
  const { step, text, size } = { ...mediaViewOf(card), ...part };
  return {
    ...card,
    step: step === undefined ? undefined : String(step),
    key: text || undefined,
    size: size === "small" ? undefined : size,
  };
}
