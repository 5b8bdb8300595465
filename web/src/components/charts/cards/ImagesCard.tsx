import { type Card, imagesColumn, titleOf } from "../../../lib/cards/card";
import { plural } from "../../../lib/text/format";
import type { MediaView } from "../../../lib/view/media";
import { mediaCodec } from "../../../lib/view/media";
import { MediaGrid } from "../../media/MediaGrid";
import { CardFrame } from "./CardFrame";
import type { PlotCardProps } from "./PlotCard";

/** How many runs are beside each other. */
const runsShown = 12;

const nothing = <p className="muted">No images by step in these runs.</p>;

/** The images of the runs at one step, as the Media page shows them. */
export function ImagesCard({
  card,
  found,
  view,
  actions,
  update,
  refetchInterval,
}: PlotCardProps & { refetchInterval: number | false }) {
  const name = titleOf(card);
  const withImages = found.items.filter(({ values }) => values[imagesColumn] !== undefined);
  const runs = withImages.slice(0, runsShown).map(({ id, label }) => ({ id, name: label }));
  return (
    <CardFrame
      {...{ id: card.id, name, title: name, view, actions }}
      wideByItself
      foot={
        withImages.length > runsShown && (
          <p className="metric-note">
            The first {runsShown} of {plural(withImages.length, "run")} with images.
          </p>
        )
      }
    >
      {(full) => (
        <div className={full ? "card-images full" : "card-images"}>
          {runs.length === 0 ? (
            <p className="muted">{found.pending ? "Loading…" : "No images by step in these runs."}</p>
          ) : (
            <MediaGrid
              runs={runs}
              view={mediaViewOf(card)}
              change={(part) => update(withMedia(card, part))}
              refetchInterval={refetchInterval}
              empty={nothing}
            />
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
