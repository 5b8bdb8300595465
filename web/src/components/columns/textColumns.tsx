import { type DataColumn, isNumeric, tagsText, userTagKeys } from "../../lib/columns/columns";
import { parameterText } from "../../lib/table/cells";

export const noValue = <span className="muted">–</span>;

/** A text, in full on hover where it is cut. */
export const textCell = (value: string) => (value ? <span title={value}>{value}</span> : noValue);

type TextColumn<Row> = Pick<DataColumn<Row>, "id" | "title" | "group"> & {
  value: (row: Row) => string | undefined;
};

export const textColumn = <Row,>(c: TextColumn<Row>): DataColumn<Row> => ({
  ...c,
  cell: (row) => textCell(c.value(row) ?? ""),
  long: true,
});

/** A column of params or the like: texts, or numbers at the right if all of them are numbers. */
export function paramColumn<Row>(rows: readonly Row[], c: TextColumn<Row>): DataColumn<Row> {
  if (!isNumeric(rows.map(c.value))) return textColumn(c);
  return {
    ...c,
    cell: (row) => {
      const value = c.value(row);
      return value ? <span title={value}>{parameterText(value)}</span> : noValue;
    },
    numeric: true,
  };
}

/** A column of all tags that people set, and one for each of their keys. */
export function tagColumns<Row>(
  rows: readonly Row[],
  tagsOf: (row: Row) => Readonly<Record<string, string>>,
): DataColumn<Row>[] {
  const group = "Tags";
  return [
    textColumn({ id: "tags", title: "All tags", group, value: (row: Row) => tagsText(tagsOf(row)) }),
    ...userTagKeys(rows.map(tagsOf)).map((key) =>
      textColumn({ id: `tags.${key}`, title: key, group, value: (row: Row) => tagsOf(row)[key] }),
    ),
  ];
}
