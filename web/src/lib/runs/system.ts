// System metrics by what they measure: all GPUs in one chart, with names in words and units.
import type { MetricSummary } from "../../api/metrics";
import { plural } from "../text/format";
import { type Unit, unitText } from "../text/units";
import { compareNames } from "./columns";

/** Metrics that share a chart. */
export interface Panel {
  /** What the settings of cards name it by. No metric has a name like this. */
  id: string;
  title: string;
  unit: Unit | undefined;
  metrics: readonly string[];
  /** Names of the lines, by metric. */
  labels: Readonly<Record<string, string>>;
}

/** What a system metric measures, and of what. */
interface Part {
  panel: string;
  title: string;
  unit: Unit | undefined;
  label: string;
  order: number;
  node: string;
}

const prefix = "system/";

const suffixes: readonly (readonly [string, Unit])[] = [
  ["_percentage", "%"],
  ["_megabytes", "MB"],
  ["_watts", "W"],
];

/** The names that MLflow's clients and package sysmetrics use, without unit and number of the GPU. */
const known: readonly (readonly [name: RegExp, unit: Unit, title: string, label: string])[] = [
  [/^cpu_utilization$/, "%", "CPU utilisation", "CPU"],
  [/^gpu_\d+_utilization$/, "%", "GPU utilisation", "GPU"],
  [/^system_memory_usage$/, "%", "Memory", "memory"],
  [/^system_memory_usage$/, "MB", "Memory used", "memory"],
  [/^gpu_\d+_memory_usage$/, "%", "GPU memory", "GPU"],
  [/^gpu_\d+_memory_usage$/, "MB", "GPU memory used", "GPU"],
  [/^gpu_\d+_power_usage$/, "W", "GPU power", "GPU"],
  [/^gpu_\d+_power_usage$/, "%", "GPU power, share of the limit", "GPU"],
  [/^network_receive$/, "MB", "Network, since the start", "received"],
  [/^network_transmit$/, "MB", "Network, since the start", "sent"],
  [/^disk_usage$/, "%", "Disk", "disk"],
  [/^disk_usage$/, "MB", "Disk space", "used"],
  [/^disk_available$/, "MB", "Disk space", "available"],
];

function partOf(key: string): Part {
  const path = key.slice(prefix.length).split("/");
  const name = path.pop()!;
  const node = path.join("/");
  const [suffix = "", unit] = suffixes.find(([ending]) => name.endsWith(ending)) ?? [];
  const plain = name.slice(0, name.length - suffix.length);
  const order = known.findIndex(([pattern, of]) => of === unit && pattern.test(plain));
  const found = known[order];
  if (!found) {
    const words = plain.replaceAll("_", " ");
    const title = words.charAt(0).toUpperCase() + words.slice(1);
    return { panel: name, title, unit, label: words, order: known.length, node };
  }
  const [, , title, label] = found;
  const gpu = /^gpu_(\d+)_/.exec(plain)?.[1];
  // Panels are named by the first of their metrics, without the number of a GPU.
  const first = known.findIndex(([, , other]) => other === title);
  return { panel: title, title, unit, label: gpu ? `${label} ${gpu}` : label, order: first, node };
}

/** The charts of some system metrics, in the order in which people look at them. */
export function systemPanels(keys: readonly string[]): Panel[] {
  const parts = keys.map((key) => ({ key, ...partOf(key) })).sort((a, b) => compareNames(a.key, b.key));
  const nodes = new Set(parts.map(({ node }) => node));
  const panels = new Map<string, (typeof parts)[number][]>();
  for (const part of parts) panels.set(part.panel, [...(panels.get(part.panel) ?? []), part]);
  return [...panels.values()]
    .sort(([a], [b]) => a!.order - b!.order || compareNames(a!.title, b!.title))
    .map((members) => {
      const { panel, title, unit } = members[0]!;
      const label = (part: Part) =>
        nodes.size > 1 ? `${part.label}, ${part.node || "main machine"}` : part.label;
      return {
        id: `*${panel}`,
        title,
        unit,
        metrics: members.map(({ key }) => key),
        labels: Object.fromEntries(members.map((part) => [part.key, label(part)])),
      };
    });
}

export interface Fact {
  label: string;
  value: string;
}

/** What the machines of a run have, and the most that the run used of it. */
export function systemFacts(summary: readonly MetricSummary[]): Fact[] {
  const all = summary.filter(({ key }) => key.startsWith(prefix)).map((m) => ({ ...m, ...partOf(m.key) }));
  const of = (title: string, label = "") => all.filter((m) => m.title === title && m.label.startsWith(label));
  const most = (title: string) => Math.max(...of(title).map(({ max }) => max));
  const sum = (title: string, label = "") => of(title, label).reduce((total, { last }) => total + last, 0);
  const has = (title: string) => of(title).length > 0;
  const facts: Fact[] = [];
  const add = (label: string, value: string) => facts.push({ label, value });
  const nodes = new Set(all.map(({ node }) => node));
  if (nodes.size > 1) add("Machines", String(nodes.size));
  if (has("CPU utilisation")) add("CPU", `peak ${unitText(most("CPU utilisation"), "%")}`);
  if (has("Memory used")) add("Memory", `peak ${ofTotal(of("Memory used"), of("Memory"))}`);
  const gpus = new Set(
    all.filter(({ key }) => /gpu_\d+_/.test(key)).map(({ label, node }) => `${node}/${label}`),
  );
  if (gpus.size > 0) {
    const load = has("GPU utilisation") ? `, peak ${unitText(most("GPU utilisation"), "%")}` : "";
    add("GPUs", `${plural(gpus.size, "GPU")}${load}`);
  }
  if (has("GPU memory used")) add("GPU memory", `peak ${ofTotal(of("GPU memory used"), of("GPU memory"))}`);
  if (has("Disk space")) {
    const used = sum("Disk space", "used");
    add("Disk", `${unitText(used, "MB")} of ${unitText(used + sum("Disk space", "available"), "MB")}`);
  }
  const network = "Network, since the start";
  if (has(network)) {
    add(
      "Network",
      `${unitText(sum(network, "received"), "MB")} in, ${unitText(sum(network, "sent"), "MB")} out`,
    );
  }
  return facts;
}

type Measured = Pick<MetricSummary, "last" | "max"> & { label: string; node: string };

/** The most that one machine or GPU used, and what it has: the amount in use is a known share of that. */
function ofTotal(used: readonly Measured[], shares: readonly Measured[]): string {
  const top = used.reduce((a, b) => (b.max > a.max ? b : a));
  const share = shares.find(({ label, node }) => label === top.label && node === top.node);
  const total = share && share.last > 0 ? (top.last / share.last) * 100 : undefined;
  return unitText(top.max, "MB") + (total ? ` of ${unitText(total, "MB")}` : "");
}
