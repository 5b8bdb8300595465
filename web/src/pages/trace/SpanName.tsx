import type { ReactNode } from "react";
import { Icon } from "../../components/Icon";

interface SpanNameProps {
  name: string;
  type: string;
  depth: number;
  /** Undefined for a span without children. */
  open: boolean | undefined;
  /** Undefined where nothing can be folded. */
  fold: ((closed: boolean) => void) | undefined;
  /** What follows the name. */
  children?: ReactNode;
}

/** Deep trees are indented less and less, so that names stay in sight. */
const indent = (depth: number) => 6 + 14 * Math.min(depth, 8) + 4 * Math.min(Math.max(depth - 8, 0), 20);

/** The name of a span in a tree, with the mark of its type and what folds it. */
export function SpanName({ name, type, depth, open, fold, children }: SpanNameProps) {
  return (
    <span className="span-name" style={{ paddingLeft: indent(depth) }}>
      {open === undefined ? (
        <span className="span-leaf" />
      ) : (
        <button
          type="button"
          className="span-fold"
          tabIndex={-1}
          aria-hidden="true"
          disabled={!fold}
          onClick={(e) => {
            e.stopPropagation();
            fold?.(open);
          }}
        >
          <Icon name="chevron" size={10} />
        </button>
      )}
      <span className="span-dot" />
      <span className="truncate" title={`${name}  ${type}`}>
        {name}
      </span>
      {type && <span className="visually-hidden"> {type}</span>}
      {children}
    </span>
  );
}
