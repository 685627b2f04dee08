// The plugin in one file: its own code and what it takes of the packages it uses, as they are in this clone.
import { readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { inRoot, root } from "../lib/paths.mjs";

/** What has a binary beside it, which cannot be in a file of text. */
export const separate = ["@photostructure/sqlite"];

const entry = `
export { main } from "./provider/hosts/plugin/main";
export { driverTypes, loadDriver } from "./provider/drivers/registry";
`;

/** Writes the bundle to `file`, and the licences of all that is in it to `licences`. How many packages that is. */
export async function bundle(file, licences) {
  const { build } = await import("esbuild");
  const { metafile } = await build({
    stdin: { contents: entry, resolveDir: root, sourcefile: "plugin.ts", loader: "ts" },
    absWorkingDir: root,
    tsconfig: inRoot("tsconfig.json"),
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    external: separate,
    legalComments: "none",
    logLevel: "silent",
    metafile: true,
    outfile: file,
  });
  const packages = packagesOf(Object.keys(metafile.inputs));
  writeFileSync(licences, packages.map(licenceOf).join("\n"));
  return packages.length;
}

/** The folders of the packages that files are of, each once. */
function packagesOf(files) {
  const folders = files.map(
    (file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(relative(root, inRoot(file)))?.[1],
  );
  return [...new Set(folders.filter(Boolean))].sort();
}

const licenceNames = ["LICENSE", "LICENSE.md", "LICENSE.txt", "license", "LICENCE", "LICENSE-MIT.txt"];

function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(inRoot(folder, "package.json"), "utf8"));
  for (const each of licenceNames) {
    try {
      return `${name} ${version} (${license})\n\n${readFileSync(join(inRoot(folder), each), "utf8").trim()}\n`;
    } catch {
      // by another name
    }
  }
  return `${name} ${version} (${license})\n`;
}
