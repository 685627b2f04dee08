import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

let root = __dirname;
while (!existsSync(join(root, "package.json"))) root = join(root, "..");

const source = `
import { Pool, Snapshot, Volume } from "krstorage";
const volume = new Volume("x", { size: "1GiB", pool: "" });
volume.connection;
volume.volumeId;
const pool = new Pool("p", { trashRetention: "1d" });
pool.capabilities;
const snapshot = new Snapshot("s", { source: volume });
snapshot.consistency;
new Volume("y", { size: "1GiB", pool: "", source: { snapshot } });
`;
const file = join(root, "program.ts");

/** A language service for a program that uses the SDK from `entry`, as an editor has one. */
function serviceOn(entry: string): ts.LanguageService {
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    target: ts.ScriptTarget.ES2022,
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    types: ["node"],
    paths: { krstorage: [entry] },
  };
  return ts.createLanguageService({
    getScriptFileNames: () => [file],
    getScriptVersion: () => "1",
    getScriptSnapshot: (name) => {
      const text = name === file ? source : ts.sys.readFile(name);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => root,
    getCompilationSettings: () => options,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (name) => name === file || ts.sys.fileExists(name),
    readFile: ts.sys.readFile,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
  });
}

/** What an editor shows where the mouse stands on `word`, as it occurs after `before`. */
function hover(service: ts.LanguageService, before: string, word: string): string {
  const at = source.indexOf(word, source.indexOf(before) + (before === word ? 0 : before.length));
  return ts.displayPartsToString(service.getQuickInfoAtPosition(file, at)?.documentation);
}

const places: [string, string, string][] = [
  ['new Volume("x", { ', "size", "How big the disk is at least"],
  ["volume.", "connection", "How a consumer reaches the disk"],
  ["volume.", "volumeId", "The id of the volume"],
  ['new Pool("p", { ', "trashRetention", "How long deleted objects can be brought back"],
  ["pool.", "capabilities", "What the pool can do"],
  ['new Snapshot("s", { ', "source", "What it is taken of"],
  ["snapshot.", "consistency", "What the copy is worth"],
  ["source: { ", "snapshot", "A Snapshot, or the id of one"],
  ["const volume = new ", "Volume", "a disk for a machine or a container"],
];

describe.each([
  ["in this repository", "sdk/index.ts"],
  ["for a consumer of the built package", "dist/sdk/index.d.ts"],
])("%s", (_who, entry) => {
  const service = serviceOn(join(root, entry));

  test("the program compiles", () => {
    const errors = [...service.getSyntacticDiagnostics(file), ...service.getSemanticDiagnostics(file)];
    expect(errors.map((error) => ts.flattenDiagnosticMessageText(error.messageText, "\n"))).toEqual([]);
  });

  test.each(places)("after %j, %s shows its documentation", (before, word, text) => {
    expect(hover(service, before, word)).toContain(text);
  });
});

test("what is internal is not in the declarations that consumers get", () => {
  expect(readFileSync(join(root, "dist/sdk/volume.d.ts"), "utf8")).not.toContain("__pulumiType");
});
