// Replaces every file of a build by its gzip, <name>.gz. The result is committed and embedded in the
// binary, which sends it as it is. Level 9 and no time stamp: the same build gives the same bytes.
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const folder = process.argv[2];
if (!folder) throw new Error("usage: compress.mjs <folder>");

let before = 0;
let after = 0;
let count = 0;
for (const name of readdirSync(folder, { recursive: true })) {
  const path = join(folder, name);
  if (!statSync(path).isFile() || path.endsWith(".gz")) continue;
  const content = readFileSync(path);
  const packed = gzipSync(content, { level: 9 });
  // The header names the operating system it was made on; say "unknown" everywhere.
  packed[9] = 255;
  writeFileSync(`${path}.gz`, packed);
  rmSync(path);
  before += content.length;
  after += packed.length;
  count++;
}
console.log(`${count} files, ${(before / 1000).toFixed(0)} kB, ${(after / 1000).toFixed(0)} kB compressed`);
