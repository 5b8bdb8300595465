import { type CardKind, kindInfo } from "../../../lib/cards/card";

/** Pictures on a grid of 48 by 30. Lines are drawn; areas are filled. */
const pictures: Record<CardKind, { lines?: string; fills?: string }> = {
  line: { lines: "M4 6C10 22 16 22 24 23S38 25 44 25M4 12C10 17 18 18 26 18S38 15 44 14" },
  bar: { fills: "M4 5h36v5H4zM4 13h24v5H4zM4 21h13v5H4z" },
  scatter: {
    fills:
      "M8 22a2 2 0 104 0 2 2 0 10-4 0M15 17a2 2 0 104 0 2 2 0 10-4 0M22 19a2 2 0 104 0 2 2 0 10-4 0M27 10a2 2 0 104 0 2 2 0 10-4 0M36 6a2 2 0 104 0 2 2 0 10-4 0",
  },
  parallel: { lines: "M6 3v24M18 3v24M30 3v24M42 3v24M6 8L18 20 30 7 42 12M6 20L18 9 30 23 42 18" },
  box: {
    lines:
      "M12 3v5M12 20v6M7 8h10v12H7zM7 13h10M24 6v4M24 17v8M19 10h10v7H19zM19 14h10M36 4v7M36 22v4M31 11h10v11H31zM31 17h10",
  },
  contour: {
    lines:
      "M24 4c12 0 19 5 18 12S30 27 22 26 5 20 7 13 14 4 24 4zM25 9c7 0 11 3 10 7s-6 6-12 5-9-3-8-7 4-5 10-5zM25 13c3 0 5 1 5 3s-3 2-6 2-4-1-4-2 2-3 5-3z",
  },
  histogram: { fills: "M5 21h5v6H5zM12 14h5v13h-5zM19 5h5v22h-5zM26 9h5v18h-5zM33 18h5v9h-5zM40 23h4v4h-4z" },
  difference: { lines: "M24 3v24", fills: "M24 5h16v5H24zM24 12h8v5h-8zM14 19h10v5H14z" },
  images: { lines: "M5 4h17v10H5zM26 4h17v10H26zM5 17h17v10H5zM26 17h17v10H26zM5 13l6-5 5 4 3-2 3 3" },
};

interface KindPickerProps {
  kinds: readonly CardKind[];
  value: CardKind;
  onChange: (kind: CardKind) => void;
}

/** The kinds of cards, each with a small picture. */
export function KindPicker({ kinds, value, onChange }: KindPickerProps) {
  return (
    <fieldset className="kind-picker">
      <legend className="visually-hidden">Kind of chart</legend>
      {kinds.map((kind) => (
        <label key={kind} className="kind-choice" title={kindInfo[kind].hint}>
          <input
            type="radio"
            name="kind"
            className="visually-hidden"
            checked={kind === value}
            onChange={() => onChange(kind)}
          />
          <svg width={48} height={30} viewBox="0 0 48 30" aria-hidden="true" focusable="false">
            <path className="kind-lines" d={pictures[kind].lines} />
            <path className="kind-fills" d={pictures[kind].fills} />
          </svg>
          {kindInfo[kind].label}
        </label>
      ))}
    </fieldset>
  );
}
