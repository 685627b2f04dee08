// `npm run generate`: writes the documents that come from code. With `--check` it writes nothing and fails where one is out of date.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { acceptanceDocument } from "./generate/acceptance.mjs";
import { backendsDocument } from "./generate/backends.mjs";
import { cliDocument } from "./generate/cli.mjs";
import { errorCodesDocument } from "./generate/errorCodes.mjs";
import { schemaDocument } from "./generate/schema.mjs";
import { build } from "./lib/build.mjs";
import { inRoot } from "./lib/paths.mjs";

const documents = {
  "docs/acceptance.md": acceptanceDocument,
  "docs/cli.md": cliDocument,
  "docs/backends.md": backendsDocument,
  "docs/error-codes.md": errorCodesDocument,
  "schema.json": schemaDocument,
};

await build(); // what is declared is read from the compiled model

let stale = 0;
for (const [path, make] of Object.entries(documents)) {
  const text = make();
  if (existsSync(inRoot(path)) && readFileSync(inRoot(path), "utf8") === text) continue;
  stale += 1;
  if (process.argv.includes("--check")) console.log(`${path} is out of date; run npm run generate`);
  else {
    writeFileSync(inRoot(path), text);
    console.log(`wrote ${path}`);
  }
}
if (stale === 0) console.log("generated documents are up to date");
if (process.argv.includes("--check") && stale > 0) process.exitCode = 1;
