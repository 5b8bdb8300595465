// Where the code of a run comes from, as MLflow's client notes it in tags.

export interface CodeFacts {
  source: string;
  sourceType: string;
  entryPoint: string;
  branch: string;
  commit: string;
  /** Whether files were changed since the commit; undefined if the client did not say. */
  dirty: boolean | undefined;
  /** What was changed, as a difference of git. */
  diff: string;
  repository: string;
  /** The page of the commit, where the repository is a web address of a known kind. */
  commitURL: string | undefined;
}

export function codeFacts(tags: Readonly<Record<string, string>>): CodeFacts {
  const tag = (name: string) => tags[`mlflow.${name}`] ?? "";
  const repository = tag("source.git.repoURL");
  const commit = tag("source.git.commit");
  const dirty = tag("source.git.dirty");
  return {
    source: tag("source.name"),
    sourceType: tag("source.type"),
    entryPoint: tag("project.entryPoint"),
    branch: tag("source.git.branch"),
    commit,
    dirty: dirty === "" ? undefined : dirty.toLowerCase() === "true",
    diff: tag("source.git.diff"),
    repository: withoutPassword(repository),
    commitURL: commitURL(repository, commit),
  };
}

/** A repository without the user and the password that its address may have. */
function withoutPassword(repository: string): string {
  return repository.replace(/^(https?:\/\/)[^/@]*@/, "$1");
}

/** git@host:owner/name.git and https://host/owner/name.git name the same page. */
function commitURL(repository: string, commit: string): string | undefined {
  const ssh = /^(?:ssh:\/\/)?git@([\w.-]+)[:/](.+?)(?:\.git)?$/.exec(repository);
  const web = /^https?:\/\/(?:[^/@]*@)?([\w.-]+)\/(.+?)(?:\.git)?\/?$/.exec(repository);
  const [, host, path] = ssh ?? web ?? [];
  if (!host || !path || !/^[0-9a-f]{7,64}$/i.test(commit)) return undefined;
  const part = host.includes("bitbucket") ? "commits" : host.includes("gitlab") ? "-/commit" : "commit";
  return `https://${host}/${path}/${part}/${commit}`;
}

/** Files that say which packages a program ran with, the most exact first. */
export const environmentFiles = [
  "requirements.txt",
  "python_env.yaml",
  "conda.yaml",
  "pyproject.toml",
  "poetry.lock",
  "uv.lock",
  "go.mod",
];

export const isEnvironmentFile = (path: string) => environmentFiles.includes(path.split("/").pop() ?? "");
