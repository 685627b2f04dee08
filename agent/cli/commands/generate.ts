import { existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { LeftOut } from "../../../provider/lifecycle/declared";
import { KrStorageError } from "../../../provider/model/errors";
import { kinds } from "../../../provider/model/kinds";
import type { Command } from "../command";
import { importFile } from "../generate/importFile";
import { programText } from "../generate/program";
import { type GeneratedResource, nameResources } from "../generate/resource";
import type { Block } from "../output/blocks";
import { writePrivateFile } from "../privateFile";
import type { Session } from "../session";

const files = { imports: "import.json", program: "storage.ts" };

export const generate: Command = {
  options: [
    { flags: "--backend <name>", description: "the backend to read", required: true },
    { flags: "--out <folder>", description: "where the two files go (default: this folder)" },
    { flags: "--dry-run", description: "say what would be declared, and write no file" },
  ],
  details:
    `Reads everything that the backend holds, whoever made it, and writes ${files.imports}, for "pulumi import --file", and\n` +
    `${files.program}, a TypeScript program that declares the same with no difference. The backend is not changed, and an\n` +
    "existing file is left as it is. Left out is what no program declares: the trash, snapshots that policies took, and what\n" +
    "is damaged. Take out of both files what another stack is to go on managing.",
  examples: [
    ["generate --backend main", `${files.imports} and ${files.program} in this folder`],
    ["generate --backend main --out adopted --json", "in another folder, and the list for a program"],
  ],
  async run(session, args) {
    const backend = args.text("backend") ?? "";
    const folder = resolve(args.text("out") ?? ".");
    const dryRun = args.flag("dryRun");
    const paths = { imports: join(folder, files.imports), program: join(folder, files.program) };
    if (!dryRun) requireFree(Object.values(paths));
    const { declared, leftOut } = await found(session, backend);
    const resources = nameResources(declared);
    if (!dryRun && resources.length > 0) {
      mkdirSync(folder, { recursive: true });
      writePrivateFile(paths.imports, importFile(resources), "new");
      writePrivateFile(paths.program, programText(backend, resources), "new");
    }
    const json = { dryRun, backend, files: paths, resources: resources.map(jsonOf), leftOut };
    return { json, text: [...tables(backend, resources, leftOut), ...nextSteps(dryRun, resources, paths)] };
  },
};

/** Looked at before anything is written: a new file beside an old one would not belong to it. */
function requireFree(paths: string[]): void {
  const taken = paths.find((path) => existsSync(path));
  if (taken === undefined) return;
  throw new KrStorageError(
    "ALREADY_EXISTS",
    `${taken} exists already and nothing was written; move it away, or name another folder with --out`,
    { target: taken },
  );
}

async function found({ storage, signal }: Session, backend: string) {
  // Loaded only here: no other command needs what reads inputs
  const { declaredIn } =
    require("../../../provider/lifecycle/declared") as typeof import("../../../provider/lifecycle/declared");
  return declaredIn(backend, { storage, signal });
}

function jsonOf({ type, name, logicalName, declared }: GeneratedResource) {
  const { id, uid, owner } = declared;
  return { type, name, logicalName, id, uid, owner };
}

function tables(backend: string, resources: GeneratedResource[], leftOut: LeftOut[]): Block[] {
  const rows = resources.map(({ logicalName, declared }) => [
    declared.id,
    kinds[declared.kind].name,
    logicalName,
    declared.owner,
  ]);
  return [
    rows.length === 0
      ? `Backend ${backend} holds nothing that a stack could declare.`
      : { columns: ["ID", "RESOURCE", "NAME", "OWNER NOW"], rows },
    ...(leftOut.length === 0
      ? []
      : [{ columns: ["LEFT OUT", "WHY"], rows: leftOut.map(({ id, reason }) => [id, reason]) }]),
  ];
}

function nextSteps(dryRun: boolean, resources: GeneratedResource[], paths: typeof files): Block[] {
  if (dryRun || resources.length === 0) return [];
  return [
    `Wrote ${paths.imports} and ${paths.program}. In the project of the stack, with the program in use:`,
    `  pulumi import --file ${paths.imports} --generate-code=false --protect=false`,
    "  pulumi preview --expect-no-changes",
  ];
}
