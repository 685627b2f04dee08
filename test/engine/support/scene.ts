import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { EngineBackend } from "./engineBackend";
import { dynamicHost, type EngineHost } from "./engineHost";
import { expectSuccess, type Program, type RunResult, TestStack, temporaryFolder } from "./testStack";

/** What the volume of every scene holds. */
export const precious = "precious bytes";
export const poolId = "main/ssd";

/** The kinds that hold data; the same programs declare either, as `krstorage[values.kind]`. */
export type DataKind = "Volume" | "Share";

/** One stack with one pool and one object `data` that holds precious bytes, in a folder of its own. */
export class Scene<Backend extends EngineBackend = EngineBackend> {
  readonly folder = temporaryFolder("scene");
  readonly backend: Backend;
  readonly stack: TestStack;

  constructor(
    makeBackend: (folder: string) => Backend,
    readonly kind: DataKind = "Volume",
    readonly host: EngineHost = dynamicHost,
  ) {
    this.backend = makeBackend(this.folder);
    this.stack = this.newStack("first", { stackId: "id-of-the-first-stack" });
  }

  newStack(name: string, options: { stackId?: string; config?: Record<string, unknown> } = {}): TestStack {
    const folder = join(this.folder, name);
    mkdirSync(folder);
    const config = {
      "krstorage:backends": this.backend.config(),
      ...(options.stackId === undefined ? {} : { "krstorage:stackId": options.stackId }),
      ...options.config,
    };
    return new TestStack({ folder, config, env: this.backend.env(), host: this.host });
  }

  /** What every program of the scene is handed. */
  get values(): Record<string, string> {
    return { kind: this.kind };
  }
  program(program: Program, values: Record<string, string> = {}): void {
    this.stack.program(program, { ...this.values, ...values });
  }

  async begin(program: Program = poolAndData): Promise<void> {
    this.program(program);
    await this.stack.init();
    expectSuccess(await this.stack.up());
    await this.backend.write(await this.stack.resource("data"), precious);
  }

  /** The bytes survive, in the very object that the state knew, and exactly one of its kind is live. */
  async expectOneWithItsBytes(uid: string, logicalName = "data"): Promise<void> {
    const live = await this.live(this.kind.toLowerCase());
    expect(live.map((object) => object.uid)).toEqual([uid]);
    const data = await this.stack.resource(logicalName);
    expect(data.outputs.uid).toBe(uid);
    expect(await this.backend.read(data, precious.length)).toBe(precious);
  }

  async live(kind: string) {
    return (await this.backend.list(poolId)).filter((object) => object.kind === kind && object.phase === "live");
  }
  async uid(logicalName = "data"): Promise<string> {
    return (await this.stack.resource(logicalName)).outputs.uid as string;
  }
}

const poolAndData: Program = ({ krstorage, values }) => {
  const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
  new krstorage[values.kind as DataKind]("data", { pool: ssd, size: "4MiB" });
};

/** A sentence may be broken over lines, and is indented, in what the engine prints. */
export function expectSentence(result: RunResult, sentence: RegExp): void {
  expect(result.output.replace(/\s+/g, " ")).toMatch(sentence);
}
