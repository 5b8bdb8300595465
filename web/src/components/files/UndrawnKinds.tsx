/** Says that a figure has traces that are not drawn. */
export function UndrawnKinds({ kinds }: { kinds: readonly string[] }) {
  if (kinds.length === 0) return null;
  return (
    <p className="file-note" role="note">
      The plotly of this server does not draw traces of the kind {kinds.join(", ")}. Download the file to see
      them as they are.
    </p>
  );
}
