import { execFile, spawn } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type * as pulumiTypes from "@pulumi/pulumi";
import type * as krstorageTypes from "../../../sdk/plugin";
import { dynamicHost, type EngineHost } from "./engineHost";

/** What a test's program is given; it is run by the engine's own language host, in another process. */
export interface ProgramScope {
  pulumi: typeof pulumiTypes;
  krstorage: typeof krstorageTypes;
  /** What the test hands in. */
  values: Record<string, string>;
}
export type Program = (scope: ProgramScope) => unknown;

export interface RunResult {
  code: number;
  /** Both streams, as a person would read them. */
  output: string;
}
export interface StateResource {
  urn: string;
  type: string;
  id?: string;
  inputs: Record<string, unknown>;
  outputs: Record<string, unknown>;
}

const root = join(__dirname, "..", "..", "..", "..");

/** A folder with a project, its own state, its own Pulumi home: everything that one stack of a test touches. */
export class TestStack {
  readonly folder: string;
  readonly stackName: string;
  private readonly env: NodeJS.ProcessEnv;
  private readonly host: EngineHost;
  private readonly project: string;

  constructor(options: {
    folder: string;
    config: Record<string, unknown>;
    project?: string;
    stackName?: string;
    env?: NodeJS.ProcessEnv;
    /** A node_modules folder that has krstorage installed. Default: a link to this clone. */
    modules?: string;
    /** What serves the program's resources. Default: the dynamic provider. */
    host?: EngineHost;
    /** The language of the program. Default: JavaScript. */
    runtime?: "nodejs" | "yaml" | "python";
  }) {
    this.folder = options.folder;
    this.host = options.host ?? dynamicHost;
    this.stackName = options.stackName ?? "test";
    for (const name of ["state", "home"]) mkdirSync(join(this.folder, name), { recursive: true });
    this.project = options.project ?? "identity";
    if ((options.runtime ?? "nodejs") === "nodejs") this.prepareNode(options.modules);
    writeFileSync(join(this.folder, `Pulumi.${this.stackName}.yaml`), JSON.stringify({ config: options.config }));
    this.env = {
      ...process.env,
      PATH: [
        this.host.path,
        process.env.KRSTORAGE_TEST_ENGINE_BIN,
        process.env.KRSTORAGE_TEST_YAML_BIN,
        process.env.PATH,
      ]
        .filter(Boolean)
        .join(delimiter),
      PULUMI_BACKEND_URL: `file://${join(this.folder, "state")}`,
      PULUMI_HOME: join(this.folder, "home"),
      PULUMI_CONFIG_PASSPHRASE: "",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      NO_COLOR: "1",
      ...options.env,
    };
  }

  private prepareNode(modules: string | undefined): void {
    linkModules(this.folder, modules);
    writeFileSync(
      join(this.folder, "Pulumi.yaml"),
      `name: ${this.project}\nruntime:\n  name: nodejs\n  options:\n    typescript: false\n`,
    );
    writeFileSync(join(this.folder, "package.json"), '{"name":"program","main":"index.js"}');
  }

  /** Sets a program in YAML: a whole project file. */
  yamlProgram(text: string): void {
    writeFileSync(join(this.folder, "Pulumi.yaml"), text);
  }

  /** Sets the program. Its text is taken, so it may use nothing but its argument. */
  program(program: Program, values: Record<string, string> = {}, host = this.host): void {
    const scope = `{ pulumi: require("@pulumi/pulumi"), krstorage: require("${host.module}"), values: ${JSON.stringify(values)} }`;
    writeFileSync(join(this.folder, "index.js"), `module.exports = (${program.toString()})(${scope}) ?? {};\n`);
  }

  async init(): Promise<void> {
    expectSuccess(await this.pulumi("stack", "init", this.stackName));
  }
  up(...args: string[]): Promise<RunResult> {
    return this.pulumi("up", "--yes", "--skip-preview", "--non-interactive", "--diff", ...args);
  }
  preview(...args: string[]): Promise<RunResult> {
    return this.pulumi("preview", "--non-interactive", "--diff", ...args);
  }
  refresh(...args: string[]): Promise<RunResult> {
    return this.pulumi("refresh", "--yes", "--skip-preview", "--non-interactive", ...args);
  }
  destroy(...args: string[]): Promise<RunResult> {
    return this.pulumi("destroy", "--yes", "--skip-preview", "--non-interactive", ...args);
  }

  /**
   * Mends a torn state as a person would. The engine's folder backend keeps a file of attributes beside each state and writes that one
   * in place: a kill in between leaves it empty, and the state unreadable with "EOF". Without it the state reads as before. A state that
   * is torn itself gives way to the one before.
   */
  restoreTornState(): void {
    const path = join(this.folder, "state", ".pulumi", "stacks", this.project, `${this.stackName}.json`);
    for (const attributes of [`${path}.attrs`, `${path}.bak.attrs`]) if (isTorn(attributes)) rmSync(attributes);
    if (isTorn(path)) copyFileSync(`${path}.bak`, path);
  }

  pulumi(...args: string[]): Promise<RunResult> {
    return new Promise((resolve) => {
      const options = { cwd: this.folder, env: this.env, maxBuffer: 64 * 2 ** 20, timeout: 300_000 };
      const child = execFile("pulumi", args, options, (error, stdout, stderr) => {
        resolve({ code: error ? (typeof error.code === "number" ? error.code : 1) : 0, output: `${stdout}${stderr}` });
      });
      child.stdin?.end();
    });
  }
  /** Starts a command in a process group of its own, for tests that kill it. */
  start(...args: string[]) {
    return spawn("pulumi", args, {
      cwd: this.folder,
      env: this.env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
  }

  async resources(): Promise<StateResource[]> {
    const exported = expectSuccess(await this.pulumi("stack", "export"));
    const state = JSON.parse(exported.output) as { deployment: { resources?: StateResource[] } };
    return (state.deployment.resources ?? []).filter((resource) => resource.type.includes("krstorage:"));
  }
  async resource(logicalName: string): Promise<StateResource> {
    const found = (await this.resources()).find((resource) => resource.urn.endsWith(`::${logicalName}`));
    if (!found) throw new Error(`the state has no ${logicalName}`);
    return found;
  }
  /** The state as the engine exports it, to be put back later. */
  async checkpoint(): Promise<string> {
    return expectSuccess(await this.pulumi("stack", "export")).output;
  }
  async restore(checkpoint: string): Promise<void> {
    const file = join(this.folder, "checkpoint.json");
    writeFileSync(file, checkpoint);
    expectSuccess(await this.pulumi("stack", "import", "--file", file));
  }
  configFile(): string {
    return readFileSync(join(this.folder, `Pulumi.${this.stackName}.yaml`), "utf8");
  }
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Makes a program in `folder` find krstorage and @pulumi/pulumi. */
function linkModules(folder: string, modules: string | undefined): void {
  const target = join(folder, "node_modules");
  if (modules !== undefined) {
    symlinkSync(modules, target, "dir");
    return;
  }
  mkdirSync(target);
  symlinkSync(root, join(target, "krstorage"), "dir");
  symlinkSync(join(root, "node_modules", "@pulumi"), join(target, "@pulumi"), "dir");
}

/** A new empty folder for one test. */
export function temporaryFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `krstorage-${name}-`));
}

/** Whether a JSON file is there and breaks off. */
function isTorn(path: string): boolean {
  if (!existsSync(path)) return false;
  try {
    JSON.parse(readFileSync(path, "utf8"));
    return false;
  } catch {
    return true;
  }
}

/** The result, or an error that shows what was printed. */
export function expectSuccess(result: RunResult): RunResult {
  if (result.code !== 0) throw new Error(`pulumi failed with ${result.code}:\n${diagnosticsFirst(result.output)}`);
  return result;
}
export function expectFailure(result: RunResult): RunResult {
  if (result.code === 0) throw new Error(`pulumi was to fail, but succeeded:\n${result.output}`);
  return result;
}

/** Why it failed, then what went before: of a long output a log may show the beginning alone. */
function diagnosticsFirst(output: string): string {
  const at = output.lastIndexOf("\nDiagnostics:");
  return at < 0 ? output : `${output.slice(at)}\n${output.slice(0, at)}`;
}
