import { useQueries, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { activity, dailyActivity, experimentDetail } from "../../api/queries";
import { ActivityBars } from "../../components/activity/ActivityBars";
import { PinButton, usePinned } from "../../components/PinButton";
import { RelativeTime } from "../../components/Values";
import { useNow } from "../../lib/browser/hooks";
import { sumDays } from "../../lib/experiments/activity";
import { plural } from "../../lib/text/format";

/** The experiments that are pinned in this browser, with what happens in them. Those that are gone are left out. */
export function Pinned() {
  const pinned = usePinned();
  const experiments = useQueries({
    queries: pinned.map((id) => ({ ...experimentDetail(id), retry: false })),
  });
  const known = experiments.flatMap(({ data }) => (data && data.stage === "active" ? [data] : []));
  const text = known.map((e) => e.id).join(",");
  const ids = useMemo(() => text.split(",").filter(Boolean), [text]);
  const activities = useQuery(activity(ids)).data;
  const daily = useQuery(dailyActivity(ids, useNow())).data;
  if (known.length === 0) return null;
  return (
    <section className="pins" aria-labelledby="pins-title">
      <h2 id="pins-title" className="home-title">
        Pinned
      </h2>
      <ul>
        {known.map(({ id, name }) => {
          const now = activities?.[id];
          return (
            <li key={id} className="card">
              <div className="pinned-head">
                <Link
                  to="/experiments/$experimentID"
                  params={{ experimentID: id }}
                  className="truncate"
                  title={name}
                >
                  {name}
                </Link>
                <PinButton id={id} name={name} />
              </div>
              <div className="pinned-facts muted">
                {daily && <ActivityBars days={sumDays([daily[id]])} />}
                {now && (
                  <span className="truncate">
                    {plural(now.runs, "run")}
                    {now.running > 0 && <span className="running-count">, {now.running} running</span>}
                    {now.lastActivityMS > 0 && (
                      <>
                        , <RelativeTime timeMS={now.lastActivityMS} />
                      </>
                    )}
                  </span>
                )}
              </div>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
