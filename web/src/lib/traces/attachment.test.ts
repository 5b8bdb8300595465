import { expect, test } from "vitest";
import { attachmentOf } from "./attachment";

const id = "0b7e8c1a-1111-2222-3333-444455556666";

test("references to files beside a trace are known by their type", () => {
  const of = (type: string) =>
    attachmentOf(`mlflow-attachment://${id}?content_type=${type}&trace_id=tr-1&size=8`);
  expect(of("image%2Fpng")).toEqual({
    source: { traceID: "tr-1", id },
    contentType: "image/png",
    kind: "image",
  });
  expect(of("audio%2Fwav")?.kind).toBe("audio");
  expect(
    attachmentOf(`mlflow-attachment://${id}?content_type=image%2Fpng&trace_id=t&size=90000000`)?.kind,
  ).toBe("file");
  // A drawing is a document, which is never shown as one.
  expect(of("image%2Fsvg%2Bxml")?.kind).toBe("file");
  expect(of("text%2Fhtml")?.kind).toBe("file");
});

test("images inside a text are known, and nothing else is", () => {
  expect(attachmentOf("data:image/png;base64,iVBORw0KGgo=")?.kind).toBe("image");
  for (const text of [
    "data:image/svg+xml;base64,PHN2Zz4=",
    "data:text/html;base64,PGI+",
    "data:image/png,raw",
    "see data:image/png;base64,AAAA",
    `mlflow-attachment://../../x?content_type=image%2Fpng&trace_id=tr-1`,
    `mlflow-attachment://${id}?content_type=image%2Fpng`,
    "https://example.org/a.png",
  ]) {
    expect(attachmentOf(text), text).toBeUndefined();
  }
});
