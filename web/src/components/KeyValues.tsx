import type { ReactNode } from "react";

interface KeyValuesProps {
  rows: readonly (readonly [key: string, value: string])[];
  /** Values are in the font of code. */
  mono?: boolean;
  /** What can be done with a row. */
  tool?: (key: string, value: string) => ReactNode;
}

/** A table of texts by key. */
export function KeyValues({ rows, mono = false, tool }: KeyValuesProps) {
  return (
    <table className="table key-values">
      <tbody>
        {rows.map(([key, value]) => (
          <tr key={key}>
            <th scope="row" className="wrap">
              {key}
            </th>
            <td className={mono ? "mono wrap" : "wrap"}>{value}</td>
            {tool && <td className="row-tool">{tool(key, value)}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
