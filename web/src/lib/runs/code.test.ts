import { expect, test } from "vitest";
import { codeFacts, isEnvironmentFile } from "./code";

const facts = (repoURL: string, commit = "abcdef1234") =>
  codeFacts({ "mlflow.source.git.repoURL": repoURL, "mlflow.source.git.commit": commit });

test("the page of a commit", () => {
  const page = "https://example.org/team/net/commit/abcdef1234";
  for (const url of [
    "git@example.org:team/net.git",
    "ssh://git@example.org/team/net",
    "https://example.org/team/net.git",
    "https://example.org/team/net/",
  ])
    expect(facts(url).commitURL, url).toBe(page);
  expect(facts("https://gitlab.example.org/a/b").commitURL).toBe(
    "https://gitlab.example.org/a/b/-/commit/abcdef1234",
  );
  for (const url of ["", "file:///srv/net", "javascript:alert(1)", "/srv/net"])
    expect(facts(url).commitURL, url).toBeUndefined();
  expect(facts("https://example.org/a/b", "HEAD").commitURL).toBeUndefined();
});

test("a password in the address of a repository is neither shown nor linked", () => {
  const { repository, commitURL } = facts("https://ann:secret@example.org/a/b.git");
  expect(repository).toBe("https://example.org/a/b.git");
  expect(commitURL).toBe("https://example.org/a/b/commit/abcdef1234");
});

test("changes since the commit", () => {
  expect(codeFacts({}).dirty).toBeUndefined();
  expect(codeFacts({ "mlflow.source.git.dirty": "True" }).dirty).toBe(true);
  expect(codeFacts({ "mlflow.source.git.dirty": "false" }).dirty).toBe(false);
});

test("environment files", () => {
  expect(isEnvironmentFile("model/requirements.txt")).toBe(true);
  expect(isEnvironmentFile("notes.txt")).toBe(false);
});
