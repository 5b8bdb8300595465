import { type TableQuery, type TableRun, tableRows, tableRowsOf } from "../../../api/runTable";
import { inBatches } from "../../../lib/batches";
import type { Column } from "../../../lib/runs/columns";

const rowsPerRequest = 1000;
const columnsPerRequest = 100;
/** A cell of an export is not cut: no text of MLflow is longer. */
const maxText = 65_535;

/**
 * Reads the selected rows with all cells of the columns: the ones that are named, or all that match except
 * for them. A request may return fewer rows than it could, when their texts are long.
 */
export async function readSelection(
  query: TableQuery,
  named: readonly string[],
  all: boolean,
  columns: readonly Column[],
): Promise<TableRun[]> {
  const [first = [], ...others] = inBatches(columns, columnsPerRequest);
  const flat = { ...query, tree: undefined, groups: undefined };
  const wanted = new Set(named);
  const rows: TableRun[] = [];
  if (all) {
    for (let offset = 0; ; ) {
      const block = await tableRows(flat, offset, rowsPerRequest, first, undefined, maxText);
      rows.push(...block.rows.filter((row) => !wanted.has(row.id)));
      offset += block.rows.length;
      if (block.rows.length === 0 || (!block.bounded && offset >= block.total)) break;
    }
  } else {
    for (const ids of inBatches([...named], rowsPerRequest)) rows.push(...(await rowsOf(query, ids, first)));
  }
  for (const more of others) {
    for (const part of inBatches(rows, rowsPerRequest)) {
      const ids = part.map((row) => row.id);
      const cells = new Map((await rowsOf(query, ids, more)).map((row) => [row.id, row.cells]));
      for (const row of part) row.cells = { ...row.cells, ...cells.get(row.id) };
    }
  }
  return rows;
}

async function rowsOf(query: TableQuery, ids: readonly string[], columns: readonly Column[]) {
  const rows: TableRun[] = [];
  for (let left = [...ids]; left.length > 0; ) {
    const found = await tableRowsOf(query.experimentIDs, left, columns, undefined, maxText);
    if (found.length === 0) break;
    rows.push(...found);
    const last = left.indexOf(found.at(-1)!.id);
    left = left.slice(last + 1);
  }
  return rows;
}
