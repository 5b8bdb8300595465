import {
  createContext,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { metricSeries } from "../../api/metrics";
import { useDebounced } from "../../lib/browser/hooks";
import type { XAxis } from "../../lib/charts/history";
import { SeriesLoader, type Shown } from "../../lib/charts/loader";
import { samplesPerLine } from "../../lib/charts/points";
import type { ChartLine } from "./LineChart";

export interface ChartRun {
  id: string;
  name: string;
  experimentID?: string | undefined;
  status?: string | undefined;
  /** The group that the run is part of, where runs are grouped. */
  group?: string | undefined;
  /** The run is drawn as a thin line beside the mean of its group. */
  thin?: boolean | undefined;
}

const LoaderContext = createContext<SeriesLoader | undefined>(undefined);
export const SeriesProvider = LoaderContext.Provider;

/**
 * The loader of a page: one request per tick for all charts in sight. It rests while the window is
 * hidden, and when no run goes on.
 *
 * @param periodMS time between ticks, or false while live refresh is paused
 */
export function useSeriesLoader(
  runs: readonly ChartRun[],
  periodMS: number | false,
  samples?: number,
): SeriesLoader {
  const [loader] = useState(() => new SeriesLoader(metricSeries));
  useEffect(() => loader.setRuns(runs, samples ?? samplesPerLine(runs.length)), [loader, runs, samples]);
  useEffect(() => () => loader.stop(), [loader]);
  useEffect(() => {
    if (periodMS === false) return;
    const tick = () => {
      if (!document.hidden && loader.goesOn()) void loader.tick();
    };
    const timer = setInterval(tick, periodMS);
    document.addEventListener("visibilitychange", tick);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", tick);
    };
  }, [loader, periodMS]);
  return loader;
}

/** The points of metrics of the runs, while their card is in sight: all runs of the first metric first. */
export function usePoints(
  metrics: readonly string[],
  { axis, window }: Omit<Shown, "metric">,
  runs: readonly ChartRun[],
  inSight: boolean,
) {
  const loader = useContext(LoaderContext)!;
  const [from, to] = window ?? [];
  const names = JSON.stringify(metrics);
  const shown = useMemo<readonly Shown[]>(() => {
    const part = from === undefined || to === undefined ? undefined : ([from, to] as const);
    return (JSON.parse(names) as string[]).map((metric) => ({ metric, axis, window: part }));
  }, [names, axis, from, to]);
  useEffect(() => {
    if (!inSight) return;
    const hide = shown.map((card) => loader.show(card));
    return () => {
      for (const forget of hide) forget();
    };
  }, [loader, shown, inSight]);
  const version = useSyncExternalStore(
    loader.subscribe,
    useCallback(() => shown.reduce((sum, { metric }) => sum + loader.version(metric), 0), [loader, shown]),
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version stands for the points of the loader
  return useMemo(
    () =>
      shown.flatMap((card) =>
        runs.map((run) => ({ run, metric: card.metric, points: loader.points(card, run.id) })),
      ),
    [loader, shown, runs, version],
  );
}

/** The lines of a card: those that have points, and whether any is still on its way. */
export function useLines(
  metrics: readonly string[],
  runs: readonly ChartRun[],
  settings: { axis: XAxis; zoom: readonly [number, number] | undefined },
  inSight: boolean,
) {
  const loader = useContext(LoaderContext)!;
  const { axis } = settings;
  const zoom = useDebounced(settings.zoom);
  const window = useMemo(() => zoom && windowOf(zoom, axis), [zoom, axis]);
  const found = usePoints(metrics, { axis: axis === "wall" ? "time" : axis, window }, runs, inSight);
  const kept = useRef<ChartLine[]>([]);
  const lines = useMemo<ChartLine[]>(() => {
    const next = found.flatMap(({ run, metric, points }) =>
      points?.length
        ? [{ id: run.id, label: run.name, group: run.group, thin: run.thin, metric, points }]
        : [],
    );
    // A line that has not changed keeps its identity, and its chart its drawing.
    const key = (line: ChartLine) => `${line.id} ${line.metric}`;
    const before = new Map(kept.current.map((line) => [key(line), line]));
    kept.current = next.map((line) => {
      const old = before.get(key(line));
      return old && isSame(old, line) ? old : line;
    });
    return kept.current;
  }, [found]);
  const error = metrics.map((metric) => loader.error(metric)).find(Boolean);
  const pending = !error && found.some(({ points }) => points === undefined);
  return { lines, pending, error, refetch: () => loader.retry() };
}

const isSame = (a: ChartLine, b: ChartLine) =>
  a.points === b.points && a.label === b.label && a.group === b.group && a.thin === b.thin;

/** A zoom in steps or milliseconds, as the server counts. */
function windowOf([from, to]: readonly [number, number], axis: XAxis): readonly [number, number] {
  const unit = axis === "step" ? 1 : 1000;
  const whole = (x: number) => Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, x));
  return [whole(Math.floor(from * unit)), whole(Math.ceil(to * unit))];
}

/** True while the element is in or near the visible area. */
export function useInSight<E extends Element>() {
  const ref = useRef<E>(null);
  const [inSight, setInSight] = useState(false);
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const observer = new IntersectionObserver((entries) => setInSight(entries.at(-1)!.isIntersecting), {
      rootMargin: "300px",
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, inSight] as const;
}
