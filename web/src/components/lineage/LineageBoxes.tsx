import { Link } from "@tanstack/react-router";
import type { RunStatus } from "../../api/runs";
import { kindNames, type Lineage, type LineageBox, type LineageNode } from "../../lib/models/lineage";
import { AliasChip, StageChip } from "../../pages/registry/Chips";
import { Icon, type IconName } from "../Icon";
import { RunSwatch, StatusGlyph, statusLabels } from "../Values";

const icons: Record<LineageNode["kind"], IconName> = {
  dataset: "columns",
  run: "play",
  logged_model: "model",
  version: "check",
};

interface BoxContentProps {
  box: LineageBox;
  lineage: Lineage;
  current: boolean;
  unfold: () => void;
}

export function BoxContent({ box, lineage, current, unfold }: BoxContentProps) {
  const [one, many] = kindNames[box.kind];
  const node = lineage.nodes[box.members[0]!]!;
  if (box.members.length > 1) {
    return (
      <button type="button" className="lineage-node" onClick={unfold}>
        <span className="lineage-kind">
          <Icon name={icons[box.kind]} size={12} /> {many}
        </span>
        <span className="lineage-name">{box.members.length.toLocaleString("en-US")} more</span>
        <span className="lineage-detail muted">Show each of them</span>
      </button>
    );
  }
  const content = (
    <>
      <span className="lineage-kind">
        <Icon name={icons[box.kind]} size={12} /> {one} {node.kind === "version" && node.id}
        {node.deleted && <span className="badge">Deleted</span>}
      </span>
      <span className="lineage-name truncate">
        {node.kind === "run" && !node.unavailable && <RunSwatch runID={node.id} />}{" "}
        {node.kind === "version" ? node.name : nameOf(node)}
      </span>
      <Detail node={node} />
    </>
  );
  if (node.unavailable) return <span className="lineage-node">{content}</span>;
  return (
    <Link
      {...linkOf(node)}
      className="lineage-node"
      title={titleOf(node)}
      aria-current={current ? "page" : undefined}
    >
      {content}
    </Link>
  );
}

function Detail({ node }: { node: LineageNode }) {
  if (node.unavailable) return <span className="lineage-detail muted">removed, or not for you to read</span>;
  if (node.kind === "version") {
    return (
      <span className="lineage-detail">
        <StageChip stage={node.stage} />
        {node.aliases.map((alias) => (
          <AliasChip key={alias} alias={alias} />
        ))}
      </span>
    );
  }
  const isRun = node.kind === "run" && node.status in statusLabels;
  return (
    <span className="lineage-detail muted truncate">
      {isRun && <StatusGlyph status={node.status as RunStatus} />} {node.experimentName}
    </span>
  );
}

function nameOf(node: LineageNode): string {
  if (node.unavailable) return "Not available";
  return node.kind === "version" ? `${node.name} version ${node.id}` : node.name || node.id;
}

function titleOf(node: LineageNode): string {
  const parts = [nameOf(node)];
  if (node.kind === "dataset") parts.push(`digest ${node.id}`);
  if (node.experimentName) parts.push(`in ${node.experimentName}`);
  if (node.aliases.length > 0) parts.push(node.aliases.map((a) => `@${a}`).join(" "));
  return parts.join("\n");
}

/** A box in a few words. */
export function describeBox(box: LineageBox, lineage: Lineage): string {
  const [one, many] = kindNames[box.kind];
  if (box.members.length > 1) return `${box.members.length} more ${many.toLowerCase()}`;
  const named = box.kind === "version" ? "" : `${one.toLowerCase()} `;
  return `${named}${nameOf(lineage.nodes[box.members[0]!]!)}`;
}

function linkOf({ kind, id, name, experimentID }: LineageNode) {
  switch (kind) {
    case "dataset":
      return {
        to: "/experiments/$experimentID/datasets",
        params: { experimentID },
        search: { name, digest: id } as never,
      } as const;
    case "run":
      return { to: "/experiments/$experimentID/runs/$runID", params: { experimentID, runID: id } } as const;
    case "logged_model":
      return {
        to: "/experiments/$experimentID/models/$modelID",
        params: { experimentID, modelID: id },
      } as const;
    case "version":
      return {
        to: "/models/$modelName/versions/$version",
        params: { modelName: name, version: id },
      } as const;
  }
}
