import type { Run } from "../../api/runs";
import { MediaGrid } from "../../components/media/MediaGrid";
import { useViewState } from "../../lib/browser/hooks";
import { mediaCodec } from "../../lib/view/media";
import { NoMedia } from "../media/MediaPage";

/** The pictures, figures and tables of one run by key and step. */
export function RunMedia({ run, refetchInterval }: { run: Run; refetchInterval: number | false }) {
  const [view, change] = useViewState(mediaCodec);
  return (
    <MediaGrid
      runs={[run]}
      view={view}
      change={change}
      refetchInterval={refetchInterval}
      empty={<NoMedia />}
    />
  );
}
