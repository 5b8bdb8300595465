import { Navigate, useParams, useSearch } from "@tanstack/react-router";
import { metricLink } from "../../lib/view/compare";
import type { Search } from "../../lib/view/search";

/** An address of MLflow's page of one metric: the charts of the compare page show the same. */
export function MetricLinkPage() {
  const { _splat = "" } = useParams({ strict: false });
  const search = useSearch({ strict: false }) as Search;
  return <Navigate to="/compare-runs" search={metricLink(_splat, search) as never} replace />;
}
