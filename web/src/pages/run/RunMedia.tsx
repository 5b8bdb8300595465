import { Link } from "@tanstack/react-router";
import type { Run } from "../../api/runs";
import { MediaGrid } from "../../components/media/MediaGrid";
import { useViewState } from "../../lib/browser/hooks";
import { mediaCodec } from "../../lib/view/media";
import { NoMedia } from "../media/MediaPage";

/** The pictures, figures and tables of one run by key and step. */
export function RunMedia({ run, refetchInterval }: { run: Run; refetchInterval: number | false }) {
  const [view, change] = useViewState(mediaCodec);
  return (
    <>
      <div className="toolbar">
        <Link
          className="button"
          to="/experiments/$experimentID/media"
          params={{ experimentID: run.experimentID }}
          search={mediaCodec.encode({ ...view, runs: [run.id] }) as never}
        >
          Beside other runs
        </Link>
      </div>
      <MediaGrid
        runs={[run]}
        view={view}
        change={change}
        refetchInterval={refetchInterval}
        empty={<NoMedia />}
      />
    </>
  );
}
