// Loads the series of all charts of a page together. Cards say what they show; what is missing is asked
// for in few requests, and a tick asks once for what is new of the runs that still go on.
import type { Point } from "./history";
import { byStep, type SampleAxis, thin, withWindow } from "./points";

export interface SeriesQuery {
  runIDs: readonly string[];
  metrics: readonly string[];
  samples: number;
  axis: SampleAxis;
  /** First and last step or millisecond wanted; the whole axis when missing. */
  window?: readonly [number, number] | undefined;
  /** Where each series ends that is known already, the metrics of the first run first. */
  ends?: readonly string[] | undefined;
}

export interface SeriesAnswer {
  /** The status of each run of the query. */
  statuses: readonly string[];
  series: readonly { run: number; key: number; whole: boolean; end: string; points: Point[] }[];
}

export type Ask = (query: SeriesQuery, signal: AbortSignal) => Promise<SeriesAnswer>;

/** What a card in sight shows. */
export interface Shown {
  metric: string;
  axis: SampleAxis;
  window?: readonly [number, number] | undefined;
}

type Kind = "step" | "time";

/** One line. Both axes share it while it has all points. */
interface Entry {
  points: readonly Point[];
  end: string;
  /** What the points were sampled by, or "all" if they are all there are. */
  by: Kind | "all";
  /** The run had ended when the points were read, so there are no more. */
  final: boolean;
}

/** A window in more detail. */
interface Detail {
  axis: SampleAxis;
  window: readonly [number, number];
  /** By metric, then by run. */
  points: Map<string, Map<string, Point[]>>;
}

/** Values in one answer. Smaller answers come sooner, and the server reads two at a time. */
const valuesPerRequest = 60_000;
const seriesPerRequest = 2_000;
const requestsAtOnce = 2;
/** So few runs are asked for in one request. */
const fewRuns = 10;

const kinds: readonly Kind[] = ["step", "time"];
const kindOf = (axis: SampleAxis): Kind => (axis === "step" ? "step" : "time");
const otherKind = (kind: Kind): Kind => (kind === "step" ? "time" : "step");
const ended = (status: string | undefined) => status !== "RUNNING" && status !== "SCHEDULED";
const windowKey = ({ axis, window }: Shown) => (window ? `${axis} ${window[0]} ${window[1]}` : "");

export class SeriesLoader {
  private readonly ask: Ask;
  private runs: readonly { id: string; status?: string | undefined }[] = [];
  private samples = 120;
  private readonly shown = new Set<Shown>();
  /** By axis and metric, then by run. */
  private readonly entries = new Map<string, Map<string, Entry>>();
  private readonly details = new Map<string, Detail>();
  private readonly pending = new Set<string>();
  private readonly errors = new Map<string, unknown>();
  private readonly versions = new Map<string, number>();
  private readonly listeners = new Set<() => void>();
  private queue: (() => Promise<void>)[] = [];
  private active = 0;
  private ticking = false;
  private flushing = false;
  private aborter = new AbortController();

  constructor(ask: Ask) {
    this.ask = ask;
  }

  /** The runs of the page, and how many samples a line of them gets. */
  setRuns(runs: readonly { id: string; status?: string | undefined }[], samples: number) {
    const before = new Map(this.runs.map((run) => [run.id, run.status]));
    this.runs = runs;
    this.samples = samples;
    for (const { id, status } of runs) {
      // A run that goes on again has more to tell.
      if (before.has(id) && ended(before.get(id)) && !ended(status)) {
        for (const byRun of this.entries.values()) {
          const entry = byRun.get(id);
          if (entry) entry.final = false;
        }
      }
    }
    this.schedule();
  }

  private entry(metric: string, kind: Kind, id: string): Entry | undefined {
    const own = this.entries.get(`${kind} ${metric}`)?.get(id);
    if (own) return own;
    const other = this.entries.get(`${otherKind(kind)} ${metric}`)?.get(id);
    return other?.by === "all" ? other : undefined;
  }

  private setEntry(metric: string, kind: Kind, id: string, entry: Entry) {
    const key = `${kind} ${metric}`;
    const byRun = this.entries.get(key) ?? new Map<string, Entry>();
    this.entries.set(key, byRun.set(id, entry));
  }

  /** Says that a card is in sight. The function that it returns says that it no longer is. */
  show(card: Shown): () => void {
    this.shown.add(card);
    this.schedule();
    return () => this.shown.delete(card);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** A number that changes with the points of the metric. */
  version(metric: string): number {
    return this.versions.get(metric) ?? 0;
  }

  /** The points of a line; undefined until they are known. */
  points(card: Shown, runID: string): readonly Point[] | undefined {
    const entry = this.entry(card.metric, kindOf(card.axis), runID);
    if (!entry || !card.window || entry.by === "all") return entry?.points;
    const detail = this.details.get(windowKey(card))?.points.get(card.metric)?.get(runID);
    return detail ? withWindow(entry.points, detail, card.axis, card.window) : entry.points;
  }

  error(metric: string): unknown {
    return this.errors.get(metric);
  }

  retry() {
    for (const metric of [...this.errors.keys()]) {
      this.errors.delete(metric);
      this.changed(metric);
    }
    this.schedule();
  }

  /** Whether a tick could bring anything. */
  goesOn(): boolean {
    return this.liveRuns().length > 0;
  }

  /** Stops all requests. The loader can be used again. */
  stop() {
    this.aborter.abort();
    this.aborter = new AbortController();
    this.queue = [];
    this.pending.clear();
  }

  /** Asks for what is new of all cards in sight. Does nothing while the last tick is under way. */
  async tick(): Promise<void> {
    if (this.ticking) return;
    this.ticking = true;
    try {
      for (const kind of kinds) await this.tickOf(kind);
    } catch {
      // The next tick asks for the same.
    } finally {
      this.ticking = false;
    }
  }

  private async tickOf(kind: Kind) {
    const runIDs = this.liveRuns();
    const known = (metric: string) => runIDs.every((id) => this.entry(metric, kind, id));
    const metrics = this.metricsInSight((card) => kindOf(card.axis) === kind).filter(known);
    const perRequest = Math.max(1, Math.floor(seriesPerRequest / Math.max(1, runIDs.length)));
    for (let at = 0; runIDs.length > 0 && at < metrics.length; at += perRequest) {
      const part = metrics.slice(at, at + perRequest);
      const ends = runIDs.flatMap((id) => part.map((metric) => this.entry(metric, kind, id)!.end));
      const query = { runIDs, metrics: part, samples: this.samples, axis: kind, ends };
      this.take(query, await this.ask(query, this.aborter.signal));
    }
  }

  private metricsInSight(which: (card: Shown) => boolean): string[] {
    return [...new Set([...this.shown].filter(which).map((card) => card.metric))];
  }

  /** Runs that are not known to have ended, of which anything is in sight. */
  private liveRuns(): string[] {
    const cards = [...this.shown];
    const open = ({ id }: { id: string }) =>
      cards.some((card) => this.entry(card.metric, kindOf(card.axis), id)?.final === false);
    return this.runs.filter(open).map((run) => run.id);
  }

  /** Takes an answer about whole series or increments. */
  private take({ runIDs, metrics, axis, ends }: SeriesQuery, answer: SeriesAnswer) {
    const kind = kindOf(axis);
    const changed = new Set<string>(ends ? [] : metrics);
    for (const metric of metrics) {
      runIDs.forEach((id, i) => {
        const final = ended(answer.statuses[i]);
        const entry = ends && this.entry(metric, kind, id);
        if (entry) entry.final = final;
        else this.setEntry(metric, kind, id, { points: [], end: "", by: "all", final });
      });
    }
    for (const { run, key, whole, end, points } of answer.series) {
      const id = runIDs[run]!;
      const metric = metrics[key]!;
      const entry = this.entry(metric, kind, id)!;
      if (whole) this.replace(metric, id, entry, points, kind, end);
      else this.extend(metric, id, entry, points, kind);
      entry.end = end;
      changed.add(metric);
    }
    for (const metric of changed) this.changed(metric);
  }

  private replace(metric: string, id: string, entry: Entry, points: Point[], kind: Kind, end: string) {
    for (const detail of this.details.values()) detail.points.get(metric)?.delete(id);
    entry.points = points;
    entry.by = points.length >= rowsOf(end) ? "all" : kind;
    this.unshare(metric, id, entry, kind);
  }

  private extend(metric: string, id: string, entry: Entry, points: Point[], kind: Kind) {
    // Detail of a window is refreshed with the window; until then its new points are shown in it.
    for (const detail of this.details.values()) {
      const byRun = detail.points.get(metric);
      const before = byRun?.get(id);
      if (before) byRun?.set(id, [...before, ...inWindow(detail, points)].sort(byStep));
    }
    entry.points = [...entry.points, ...points].sort(byStep);
    if (entry.points.length <= 2 * this.samples) return;
    entry.points = thin(entry.points, this.samples, kind);
    if (entry.by !== "all") return;
    entry.by = kind;
    this.unshare(metric, id, entry, kind);
  }

  /** A line that was sampled by one axis does not serve the other. */
  private unshare(metric: string, id: string, entry: Entry, kind: Kind) {
    if (entry.by !== kind) return;
    const other = this.entries.get(`${otherKind(kind)} ${metric}`);
    if (other?.get(id) === entry) other.delete(id);
    this.setEntry(metric, kind, id, entry);
  }

  private changed(metric: string) {
    this.versions.set(metric, this.version(metric) + 1);
    for (const tell of this.listeners) tell();
  }

  /** Asks soon for what is missing, so that cards that appear together share requests. */
  private schedule() {
    if (this.flushing) return;
    this.flushing = true;
    queueMicrotask(() => {
      this.flushing = false;
      this.flush();
    });
  }

  private flush() {
    const windows = new Set([...this.shown].map(windowKey));
    for (const key of this.details.keys()) if (!windows.has(key)) this.details.delete(key);
    const groups = new Map<string, { card: Shown; runIDs: string[]; metrics: string[] }>();
    for (const card of this.shown) {
      if (this.errors.has(card.metric)) continue;
      for (const window of card.window ? [undefined, card.window] : [undefined]) {
        const part = { ...card, window };
        const runIDs = this.missing(part);
        const key = `${kindOf(card.axis)}|${windowKey(part)}|${runIDs.join()}`;
        if (runIDs.length === 0) continue;
        const group = groups.get(key) ?? { card: part, runIDs, metrics: [] };
        groups.set(key, group);
        if (!group.metrics.includes(card.metric)) group.metrics.push(card.metric);
      }
    }
    for (const { card, runIDs, metrics } of groups.values()) this.enqueue(card, runIDs, metrics);
  }

  /** The runs of which a card lacks points, without those that are on their way. */
  private missing(card: Shown): string[] {
    const detail = this.details.get(windowKey(card))?.points.get(card.metric);
    const lacks = (id: string) => {
      const entry = this.entry(card.metric, kindOf(card.axis), id);
      return card.window ? entry !== undefined && entry.by !== "all" && !detail?.has(id) : !entry;
    };
    return this.runs
      .map((run) => run.id)
      .filter((id) => lacks(id) && !this.pending.has(pendingKey(card, id)));
  }

  private enqueue(card: Shown, runIDs: readonly string[], metrics: readonly string[]) {
    // Histories differ in length by metric rather than by run: halves of the runs take the same time.
    const half = runIDs.length < fewRuns ? runIDs.length : Math.ceil(runIDs.length / requestsAtOnce);
    const perRequest = Math.max(1, Math.floor(valuesPerRequest / (this.samples * half)));
    for (let at = 0; at < metrics.length; at += perRequest) {
      const part = metrics.slice(at, at + perRequest);
      for (let from = 0; from < runIDs.length; from += half) {
        const ids = runIDs.slice(from, from + half);
        const keys = part.flatMap((metric) => ids.map((id) => pendingKey({ ...card, metric }, id)));
        for (const key of keys) this.pending.add(key);
        this.queue.push(() => this.load(card, ids, part, keys));
      }
    }
    this.work();
  }

  private work() {
    while (this.active < requestsAtOnce && this.queue.length > 0) {
      this.active++;
      void this.queue.shift()!().finally(() => {
        this.active--;
        this.work();
      });
    }
  }

  private async load(
    card: Shown,
    runIDs: readonly string[],
    metrics: readonly string[],
    keys: readonly string[],
  ) {
    const { signal } = this.aborter;
    const axis = card.window ? card.axis : kindOf(card.axis);
    const query: SeriesQuery = { runIDs, metrics, samples: this.samples, axis, window: card.window };
    try {
      const answer = await this.ask(query, signal);
      if (signal.aborted) return;
      if (card.window) this.takeWindow(query, card.window, answer);
      else this.take(query, answer);
    } catch (error) {
      if (signal.aborted) return;
      for (const metric of metrics) {
        this.errors.set(metric, error);
        this.changed(metric);
      }
    } finally {
      if (!signal.aborted) for (const key of keys) this.pending.delete(key);
    }
    this.schedule(); // A window may be wanted of what has just come.
  }

  private takeWindow(
    { runIDs, metrics, axis }: SeriesQuery,
    window: readonly [number, number],
    answer: SeriesAnswer,
  ) {
    const key = windowKey({ metric: "", axis, window });
    const detail = this.details.get(key) ?? { axis, window, points: new Map() };
    this.details.set(key, detail);
    metrics.forEach((metric, at) => {
      const byRun = detail.points.get(metric) ?? new Map<string, Point[]>();
      detail.points.set(metric, byRun);
      for (const id of runIDs) byRun.set(id, []);
      for (const s of answer.series) if (s.key === at) byRun.set(runIDs[s.run]!, s.points);
      this.changed(metric);
    });
  }
}

/** The number of values before the end of a series, which is the first number of its text. */
function rowsOf(end: string): number {
  return end === "" ? 0 : Number(end.split(" ", 1)[0]);
}

function pendingKey(card: Shown, id: string): string {
  return `${kindOf(card.axis)} ${windowKey(card)} ${card.metric} ${id}`;
}

/** Those points that lie in a window. Relative windows wait for a refresh. */
function inWindow({ axis, window: [from, to] }: Detail, points: readonly Point[]): Point[] {
  if (axis === "relative") return [];
  const x = (p: Point) => (axis === "step" ? p.step : p.time);
  return points.filter((p) => x(p) >= from && x(p) <= to);
}
