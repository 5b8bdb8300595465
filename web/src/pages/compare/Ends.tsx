/** Enough to tell two names apart. */
const tail = 10;

/** A text that is shortened in its middle where it has no room: names of runs differ at their ends. */
export function Ends({ text }: { text: string }) {
  if (text.length <= 2 * tail) return <span className="truncate">{text}</span>;
  return (
    <span className="ends">
      <span className="truncate" aria-hidden="true">
        {text.slice(0, -tail)}
      </span>
      <span aria-hidden="true">{text.slice(-tail)}</span>
      <span className="visually-hidden">{text}</span>
    </span>
  );
}
