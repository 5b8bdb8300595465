const noteTag = "mlflow.note.content";

/** The first line of a description in Markdown, as plain text. */
export function summaryOf(tags: Readonly<Record<string, string>>): string {
  const line = (tags[noteTag] ?? "").split("\n").find((text) => text.trim() !== "") ?? "";
  return line
    .replace(/^\s*(#{1,6}|[-*+>]|\d+\.)\s+/, "")
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/(\*\*|__|`)/g, "")
    .trim();
}
