import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { Lineage, LineageNode } from "../lib/models/lineage";
import { millrace } from "./client";
import { type ModelStage, modelStages } from "./registry";

/** What a lineage belongs to. */
export type LineageSubject = { run_id: string } | { model_id: string } | { name: string; version: string };

interface WireNode {
  kind: LineageNode["kind"];
  id?: string;
  name?: string;
  experiment_id?: string;
  experiment_name?: string;
  status?: string;
  stage?: string;
  aliases?: string[];
  deleted?: boolean;
  unavailable?: boolean;
}

interface WireLineage {
  nodes: WireNode[];
  edges?: { from: number; to: number; label?: string; step?: number }[];
  bounded?: boolean;
}

export const lineageOf = (subject: LineageSubject) =>
  queryOptions({
    queryKey: ["lineage", subject],
    queryFn: async ({ signal }): Promise<Lineage> => {
      const wire = await millrace.get<WireLineage>("lineage", subject, signal);
      return {
        nodes: wire.nodes.map(toNode),
        edges: (wire.edges ?? []).map((e) => ({ label: "", step: 0, ...e })),
        bounded: wire.bounded ?? false,
      };
    },
    placeholderData: keepPreviousData,
  });

function toNode(wire: WireNode): LineageNode {
  const stage = modelStages.find((s): s is ModelStage => s === wire.stage) ?? "None";
  return {
    kind: wire.kind,
    id: wire.id ?? "",
    name: wire.name ?? "",
    experimentID: wire.experiment_id ?? "",
    experimentName: wire.experiment_name ?? "",
    status: wire.status ?? "",
    stage,
    aliases: wire.aliases ?? [],
    deleted: wire.deleted ?? false,
    unavailable: wire.unavailable ?? false,
  };
}
