import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import { experimentDetail } from "../../../api/queries";
import { runsCodec } from "../../../lib/view/runs";
import { viewOf, viewToApply } from "../../../lib/view/saved";
import type { Search } from "../../../lib/view/search";

/** Turns an address that only names a saved view, or nothing where there is a default one, into that view. */
export function useSavedView(experimentID: string) {
  const search = useSearch({ strict: false }) as Search;
  const navigate = useNavigate();
  const { data } = useQuery(experimentDetail(experimentID));
  useEffect(() => {
    const saved = data && viewToApply(search, data.tags);
    if (saved) void navigate({ to: ".", replace: true, search: runsCodec.encode(viewOf(saved)) } as never);
  }, [search, data, navigate]);
}
