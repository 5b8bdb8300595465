import { memo } from "react";
import type { RunGroup, TableRun } from "../../../api/runTable";
import { Icon } from "../../../components/Icon";
import { RelativeTime, statusLabels } from "../../../components/Values";
import type { Column } from "../../../lib/runs/columns";
import { parameterText } from "../../../lib/table/cells";
import { groupName, meanText, statsText } from "../../../lib/table/groups";
import { formatDuration, plural } from "../../../lib/text/format";
import { type CellContent, Expander, Row, type RowProps } from "./Row";

/** The runs with some values in common: the mean of each metric, and the values that are the same. */
export const GroupRow = memo(function GroupRow(props: RowProps) {
  const { run, numeric } = props;
  const group = run.group!;
  const name = groupName(group);
  const runs = plural(run.children, "run");
  return (
    <Row
      {...props}
      className=" group"
      select={
        <button
          type="button"
          className="icon-button group-select"
          tabIndex={-1}
          aria-label={`Select the ${runs} of ${name}`}
          title={`Select the ${runs} of the group`}
          onClick={(e) => props.toggle(run.id, e.shiftKey)}
        >
          <Icon name="plus" size={12} />
        </button>
      }
      name={
        <>
          <Expander
            open={run.open}
            label={`${run.open ? "Hide" : "Show"} ${runs} of ${name}`}
            onClick={() => props.fold(run)}
          />
          <span className="truncate group-name" title={name}>
            {name}
          </span>
          <span className="muted number child-count">{run.children}</span>
        </>
      }
      cell={(column) => cellOf(run, group, column, numeric.has(column.id))}
    />
  );
});

function cellOf(run: TableRun, group: RunGroup, column: Column, numeric: boolean): CellContent {
  const stats = group.stats[column.id];
  if (!stats) {
    const value = run.cells[column.id];
    const text = value === undefined ? undefined : String(value);
    return { content: text && sameText(text, column, numeric), title: text };
  }
  if ("distinct" in stats) {
    return {
      content: <span className="muted">{stats.distinct} values</span>,
      title: statsText(stats, column),
    };
  }
  if (column.kind === "attributes" && column.key !== "duration") {
    return { content: <RelativeTime timeMS={stats.max} />, title: undefined };
  }
  const title = statsText(stats, column);
  if (column.kind === "attributes") return { content: formatDuration(stats.mean), title };
  const [mean, std] = meanText(stats);
  return {
    content: (
      <>
        {mean}
        {std && <span className="muted"> ±{std}</span>}
      </>
    ),
    title,
  };
}

function sameText(text: string, column: Column, numeric: boolean): string {
  if (column.kind === "attributes" && column.key === "status") {
    return statusLabels[text as keyof typeof statusLabels] ?? text;
  }
  return numeric ? parameterText(text) : text;
}
