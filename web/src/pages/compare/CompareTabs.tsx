import { lazy, Suspense } from "react";
import { Loading } from "../../components/Notice";
import { Tab, Tabs } from "../../components/Tabs";
import { type CompareTab, compareCodec } from "../../lib/view/compare";
import type { Search } from "../../lib/view/search";
import { CompareTable } from "./CompareTable";
import type { CompareProps } from "./compareProps";
import { useExperimentNames } from "./useExperimentNames";
import "./compare.css";

const CompareCharts = lazy(async () => ({ default: (await import("./CompareCharts")).CompareCharts }));
const ComparePlots = lazy(async () => ({ default: (await import("./ComparePlots")).ComparePlots }));
const CompareArtifacts = lazy(async () => ({
  default: (await import("./CompareArtifacts")).CompareArtifacts,
}));

const tabs: readonly (readonly [CompareTab, string])[] = [
  ["table", "Differences"],
  ["charts", "Charts"],
  ["plots", "Plots"],
  ["artifacts", "Artifacts"],
];

const contents = {
  table: CompareTable,
  charts: CompareCharts,
  plots: ComparePlots,
  artifacts: CompareArtifacts,
};

/** The views of a comparison, whichever way its runs were chosen. */
export function CompareTabs(props: Omit<CompareProps, "experiments">) {
  const experiments = useExperimentNames(props.runs);
  const { tab } = props.view;
  const Content = contents[tab];
  const withTab = (next: CompareTab) =>
    ((search: Search) => compareCodec.encode({ ...compareCodec.decode(search), tab: next })) as never;
  return (
    <>
      <Tabs label="Views of the comparison">
        {tabs.map(([id, title]) => (
          <Tab key={id} link={{ to: ".", search: withTab(id) }} current={tab === id}>
            {title}
          </Tab>
        ))}
      </Tabs>
      <div className={tab === "table" ? "compare-tab" : "compare-tab scrolls"}>
        <Suspense fallback={<Loading />}>
          <Content {...props} experiments={experiments} />
        </Suspense>
      </div>
    </>
  );
}
