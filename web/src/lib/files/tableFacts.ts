import type { FileTable } from "../../api/fileTables";
import { plural } from "../text/format";

/** What is said of a table above its rows. */
export function tableFacts(table: FileTable): string[] {
  const { head } = table;
  if (head) {
    const shape = head.shape.length > 0 ? head.shape.map(count).join(" × ") : "one value";
    const facts = [head.type, shape];
    if (head.min) facts.push(`min ${head.min}`, `max ${head.max}`, `mean ${head.mean}`);
    if (head.nan > 0) facts.push(`${count(head.nan)} NaN`);
    if (head.read > 0 && head.read < head.count) facts.push(`of the first ${count(head.read)} values`);
    return facts;
  }
  if (table.format === "npz") return [plural(table.arrayCount, "array")];
  const facts = [plural(table.rowCount, "row"), plural(table.columnCount, "column")];
  if (table.rowGroups > 0) facts.push(plural(table.rowGroups, "row group"));
  if (table.compression) facts.push(table.compression === "none" ? "not compressed" : table.compression);
  if (table.createdBy) facts.push(`written by ${table.createdBy.replace(/ \(.*/, "")}`);
  return facts;
}

const count = (n: number) => n.toLocaleString("en-US");
