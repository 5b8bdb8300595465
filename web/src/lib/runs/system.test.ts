import { expect, test } from "vitest";
import type { MetricSummary } from "../../api/metrics";
import { unitText } from "../text/units";
import { systemFacts, systemPanels } from "./system";

const keys = [
  "cpu_utilization_percentage",
  "system_memory_usage_megabytes",
  "system_memory_usage_percentage",
  "gpu_0_utilization_percentage",
  "gpu_1_utilization_percentage",
  "gpu_10_utilization_percentage",
  "gpu_0_memory_usage_percentage",
  "network_receive_megabytes",
  "network_transmit_megabytes",
  "disk_usage_megabytes",
  "disk_available_megabytes",
  "fan_speed",
].map((name) => `system/${name}`);

test("metrics of one kind share a chart, with words and units", () => {
  const panels = systemPanels(keys);
  expect(panels.map(({ title, unit }) => `${title} ${unit ?? "-"}`)).toEqual([
    "CPU utilisation %",
    "GPU utilisation %",
    "Memory %",
    "Memory used MB",
    "GPU memory %",
    "Network, since the start MB",
    "Disk space MB",
    "Fan speed -",
  ]);
  expect(Object.values(panels[1]!.labels)).toEqual(["GPU 0", "GPU 1", "GPU 10"]);
  expect(panels[5]!.metrics).toEqual([
    "system/network_receive_megabytes",
    "system/network_transmit_megabytes",
  ]);
  expect(Object.values(panels[5]!.labels)).toEqual(["received", "sent"]);
});

test("machines are told apart where there are several", () => {
  const [cpu] = systemPanels([
    "system/n0/cpu_utilization_percentage",
    "system/n1/cpu_utilization_percentage",
  ]);
  expect(Object.values(cpu!.labels)).toEqual(["CPU, n0", "CPU, n1"]);
});

test("facts say what there is and how much of it was used", () => {
  const of = (name: string, last: number, max = last): MetricSummary => ({
    ...{ key: `system/${name}`, count: 2, first: 0, min: 0, last, max },
    ...{ lastStep: 1, minStep: 0, maxStep: 1, lastTimeMS: 0 },
  });
  const facts = systemFacts([
    of("cpu_utilization_percentage", 10, 97),
    of("system_memory_usage_megabytes", 16_000, 31_000),
    of("system_memory_usage_percentage", 25, 48),
    of("gpu_0_utilization_percentage", 99),
    of("gpu_1_utilization_percentage", 20),
    of("disk_usage_megabytes", 100_000),
    of("disk_available_megabytes", 400_000),
    of("network_receive_megabytes", 1234.5),
    of("network_transmit_megabytes", 12),
    { ...of("x", 1), key: "loss" },
  ]);
  expect(facts.map(({ label, value }) => `${label}: ${value}`)).toEqual([
    "CPU: peak 97 %",
    "Memory: peak 31 GB of 64 GB",
    "GPUs: 2 GPUs, peak 99 %",
    "Disk: 100 GB of 500 GB",
    "Network: 1.23 GB in, 12 MB out",
  ]);
  expect(systemFacts([])).toEqual([]);
});

test("amounts have the unit that suits their size", () => {
  expect(unitText(0, "MB")).toBe("0 MB");
  expect(unitText(31_500, "MB")).toBe("31.5 GB");
  expect(unitText(2_000_000, "MB")).toBe("2 TB");
  expect(unitText(Number.NaN, "%")).toBe("NaN");
});
