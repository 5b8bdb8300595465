// Proves that the committed dist is what the source builds: builds into a temporary folder and compares
// the uncompressed contents, since another zlib may pack the same bytes differently.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const web = fileURLToPath(new URL("..", import.meta.url));
const committed = join(web, "dist");
const fresh = mkdtempSync(join(tmpdir(), "millrace-dist-"));

/** Contents by path, without the .gz that dist files carry. */
function contents(folder) {
  const found = new Map();
  for (const name of readdirSync(folder, { recursive: true })) {
    const path = join(folder, name);
    if (!statSync(path).isFile()) continue;
    const packed = name.endsWith(".gz");
    const bytes = readFileSync(path);
    found.set(packed ? name.slice(0, -3) : name, packed ? gunzipSync(bytes) : bytes);
  }
  return found;
}

try {
  const vite = join(web, "node_modules", "vite", "bin", "vite.js");
  execFileSync(process.execPath, [vite, "build", "--outDir", fresh, "--logLevel", "error"], {
    cwd: web,
    stdio: "inherit",
  });
  const want = contents(fresh);
  const have = contents(committed);
  const differences = [
    ...[...want.keys()].filter((name) => !have.has(name)).map((name) => `missing: ${name}`),
    ...[...have.keys()].filter((name) => !want.has(name)).map((name) => `left over: ${name}`),
    ...[...want]
      .filter(([name, b]) => have.has(name) && !b.equals(have.get(name)))
      .map(([n]) => `differs: ${n}`),
  ];
  if (differences.length > 0) {
    console.error(`${relative(process.cwd(), committed)} is not what the source builds. Run npm run build.`);
    for (const line of differences) console.error(`  ${line}`);
    process.exitCode = 1;
  } else {
    console.log(`dist is up to date (${want.size} files).`);
  }
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
