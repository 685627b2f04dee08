import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { CliScene, Ran } from "./cliScene";

const root = join(__dirname, "..", "..", "..", "..", "..");

/** The command lines of docs/cli.md, in their order. */
export function documentLines(): string[] {
  const text = readFileSync(join(root, "docs", "cli.md"), "utf8");
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(([, block = ""]) =>
    block
      .trim()
      .split("\n")
      .map((line) => line.replace(/^npx /, "")),
  );
}

/** The text of every page in docs/. */
export function documents(): string[] {
  const pages = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
  return pages.map((name) => readFileSync(join(root, "docs", name), "utf8"));
}

/** Lines that ask Pulumi's own CLI; an engine test runs those. */
export function needsEngine(line: string): boolean {
  return /^pulumi |--stack |exported\.json/.test(line);
}

/** Lines of what runs until it is stopped; tests of their own run those. */
export function runsForEver(line: string): boolean {
  return line.startsWith("krstorage agent");
}

/** Runs lines as a person types them one after the other: what was exported stays, and `<uid>` is the uid seen last. */
export class DocumentRun {
  private exported: string[] = [];
  private uid = "";

  constructor(
    private readonly scene: CliScene,
    private readonly env: NodeJS.ProcessEnv = {},
  ) {}

  async line(line: string): Promise<Ran> {
    if (line.startsWith("export ")) {
      this.exported.push(line);
      return { code: 0, stdout: "", stderr: "" };
    }
    const real = line.replaceAll("<uid>", this.uid).replaceAll("/srv/storage", this.scene.storagePath);
    const ran = await this.scene.shell([...this.exported, real].join("\n"), this.env);
    this.uid = /\b[0-9a-f]{32}\b/.exec(ran.stdout)?.[0] ?? this.uid;
    return ran;
  }
}
