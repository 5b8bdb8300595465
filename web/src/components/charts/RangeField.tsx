import { useState } from "react";
import { decodeRange } from "../../lib/view/charts";

interface RangeFieldProps {
  /** As in the address: "0:1", with either end left out. */
  range: string;
  set: (range: string) => void;
}

/** The ends of the y axis. An end that is empty follows the values. */
export function RangeField({ range, set }: RangeFieldProps) {
  const [from = "", to = ""] = range.split(":");
  const [text, setText] = useState<readonly [string, string]>([from, to]);
  const write = (next: readonly [string, string]) => {
    setText(next);
    const joined = next.map((end) => end.trim()).join(":");
    if (joined === ":" || decodeRange(joined)) set(joined);
  };
  const wrong = text.join("").trim() !== "" && !decodeRange(text.join(":"));
  return (
    <fieldset className="y-range">
      <legend>y axis</legend>
      {(["from", "to"] as const).map((end, i) => (
        <input
          key={end}
          className="input"
          inputMode="decimal"
          aria-label={`y axis ${end}`}
          aria-invalid={wrong}
          placeholder={i === 0 ? "least" : "greatest"}
          value={text[i]}
          onChange={(e) => write(i === 0 ? [e.target.value, text[1]] : [text[0], e.target.value])}
        />
      ))}
    </fieldset>
  );
}
