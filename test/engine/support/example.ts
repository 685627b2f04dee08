import { execFile, spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, delimiter, join } from "node:path";
import { fencedBlocks } from "../../support/markdown";
import { expectSuccess, type RunResult, type StateResource, temporaryFolder } from "./testStack";

/** The clone. */
export const root = join(__dirname, "..", "..", "..", "..");

/** What a run of an example leaves behind in its folder, and what belongs to the clone alone. */
const leftOut = new Set(["node_modules", ".local", "dist", "package-lock.json"]);

/** A project's folder, as a user would have it after `npm install` and `pulumi login`; its commands are run by a shell. */
export class Project {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  private readonly around = realpathSync(temporaryFolder("project"));

  constructor(name: string) {
    this.folder = join(this.around, name);
    mkdirSync(this.folder);
    for (const folder of ["state", "home"]) mkdirSync(join(this.around, folder));
    this.linkModules();
    this.env = {
      ...process.env,
      PATH: [process.env.KRSTORAGE_TEST_ENGINE_BIN, join(root, "node_modules", ".bin"), process.env.PATH].join(
        delimiter,
      ),
      PULUMI_BACKEND_URL: `file://${join(this.around, "state")}`,
      PULUMI_HOME: join(this.around, "home"),
      PULUMI_CONFIG_PASSPHRASE: "",
      PULUMI_SKIP_CONFIRMATIONS: "true",
      NO_COLOR: "1",
    };
  }

  /** Runs a text as a shell would run it typed in; the first command that fails ends it. */
  shell(text: string, env: NodeJS.ProcessEnv = {}): Promise<RunResult> {
    return this.run("sh", ["-e", "-u", "-c", text], env);
  }
  pulumi(...args: string[]): Promise<RunResult> {
    return this.run("pulumi", [...args, "--non-interactive"]);
  }
  /** Starts a command; `printed` waits until it has said something. */
  start(text: string): { ended: Promise<RunResult>; printed(sentence: RegExp): Promise<void> } {
    const child = spawn("sh", ["-c", text], { cwd: this.folder, env: this.env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data: Buffer) => {
        output += data.toString();
      });
    }
    let hasEnded = false;
    const ended = new Promise<RunResult>((resolve) => {
      child.on("close", (code) => {
        hasEnded = true;
        resolve({ code: code ?? 1, output });
      });
    });
    const printed = async (sentence: RegExp): Promise<void> => {
      while (!sentence.test(output)) {
        if (hasEnded) throw new Error(`ended without having said ${String(sentence)}:\n${output}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };
    return { ended, printed };
  }

  async outputs(stack?: string): Promise<Record<string, unknown>> {
    const args = stack === undefined ? [] : ["--stack", stack];
    return JSON.parse(expectSuccess(await this.pulumi("stack", "output", "--json", ...args)).output) as Record<
      string,
      unknown
    >;
  }
  async resources(): Promise<StateResource[]> {
    const exported = expectSuccess(await this.pulumi("stack", "export")).output;
    const state = JSON.parse(exported) as { deployment: { resources?: StateResource[] } };
    return (state.deployment.resources ?? []).filter((resource) => resource.type.includes("krstorage:"));
  }
  remove(): void {
    rmSync(this.around, { recursive: true, force: true });
  }

  private run(command: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<RunResult> {
    return new Promise((resolve) => {
      const options = {
        cwd: this.folder,
        env: { ...this.env, ...env },
        maxBuffer: 64 * 2 ** 20,
        timeout: 300_000,
      };
      const child = execFile(command, args, options, (error, stdout, stderr) => {
        resolve({ code: error ? (typeof error.code === "number" ? error.code : 1) : 0, output: `${stdout}${stderr}` });
      });
      child.stdin?.end();
    });
  }

  private linkModules(): void {
    const modules = join(this.folder, "node_modules");
    mkdirSync(modules);
    symlinkSync(root, join(modules, "krstorage"), "dir");
    for (const name of ["@pulumi", "@types", "typescript"])
      symlinkSync(join(root, "node_modules", name), join(modules, name), "dir");
    mkdirSync(join(modules, ".bin"));
    const main = join(root, "dist", "agent", "cli", "main.js");
    writeFileSync(join(modules, ".bin", "krstorage"), `#!/bin/sh\nexec node '${main}' "$@"\n`, { mode: 0o755 });
  }
}

/** A copy of an example's folder. */
export class Example extends Project {
  constructor(name: string) {
    super(name);
    const source = join(root, "examples", name);
    const filter = (path: string) => path === source || !leftOut.has(basename(path));
    cpSync(source, this.folder, { recursive: true, filter });
  }

  /** The fenced blocks of one language in the example's README. */
  blocks(language: string): string[] {
    return fencedBlocks(readFileSync(join(this.folder, "README.md"), "utf8"), language);
  }
}
