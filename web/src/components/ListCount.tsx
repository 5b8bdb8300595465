import { plural } from "../lib/text/format";

interface ListCountProps {
  shown: number;
  /** The word for one item. */
  one: string;
  /** Whether the server has further ones. */
  more: boolean;
}

/** How many items of a list have been read. */
export function ListCount({ shown, one, more }: ListCountProps) {
  if (shown === 0) return null;
  return (
    <span className="muted" role="status">
      {plural(shown, one)}
      {more ? " and more" : ""}
    </span>
  );
}
