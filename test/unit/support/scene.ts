import { lifecycles } from "../../../provider/lifecycle";
import type {
  CheckFailure,
  Context,
  CreateResult,
  Properties,
  ReadResult,
} from "../../../provider/lifecycle/lifecycle";
import { Plan } from "../../../provider/lifecycle/plan";
import type { KindName } from "../../../provider/model/kinds";
import type { BackendOptions } from "../../../provider/storage/config";
import { Storage } from "../../../provider/storage/storage";
import { testClock } from "../../../provider/testing/clock";
import { FakeDisk, fakeDriverType } from "./fakeDriver";

export interface SceneOptions {
  disk?: FakeDisk;
  stackId?: string | undefined;
  /** The type of the backend's driver. Default "fake". */
  driverType?: string;
  backend?: BackendOptions;
}

/** One stack on one fake backend `main`, as one process of the engine sees it. */
export class Scene {
  readonly disk: FakeDisk;
  readonly clock = testClock();
  readonly storage: Storage;
  readonly warnings: string[] = [];
  readonly infos: string[] = [];
  context: Context;

  constructor(options: SceneOptions = {}) {
    this.disk = options.disk ?? new FakeDisk();
    const backend = {
      name: "main",
      driver: fakeDriverType(this.disk, options.driverType),
      driverOptions: {},
      options: options.backend ?? {},
    };
    const log = {
      debug: () => undefined,
      info: (text: string) => this.infos.push(text),
      warn: (text: string) => this.warnings.push(text),
    };
    const stackId = "stackId" in options ? options.stackId : "stack-1";
    this.storage = new Storage({ backends: [backend], stackId }, { clock: this.clock, log, actor: { by: "test" } });
    this.context = { storage: this.storage, plan: new Plan(), log };
  }

  /** What the next `pulumi up` would start with: an empty plan and no looks. */
  nextRun(): this {
    this.context = { ...this.context, plan: new Plan() };
    this.storage.forgetLook({ backend: "main", pool: "ssd" });
    return this;
  }

  async check(kind: KindName, name: string, newInputs: Properties, oldInputs?: Properties): Promise<CheckFailure[]> {
    return (await this.checked(kind, name, newInputs, oldInputs)).failures;
  }
  checked(kind: KindName, name: string, newInputs: Properties, oldInputs?: Properties) {
    return lifecycles[kind].check({ owner: ownerOf(kind, name), newInputs, oldInputs }, this.context);
  }
  async create(kind: KindName, name: string, inputs: Properties): Promise<CreateResult> {
    return lifecycles[kind].create({ owner: ownerOf(kind, name), inputs }, this.context);
  }
  read(kind: KindName, id: string, oldState: Properties): Promise<ReadResult | undefined> {
    return lifecycles[kind].read({ id, oldState }, this.context);
  }
  async update(kind: KindName, name: string, made: CreateResult, newInputs: Properties): Promise<Properties> {
    const { state } = await lifecycles[kind].update(
      { id: made.id, owner: ownerOf(kind, name), oldState: made.state, newInputs },
      this.context,
    );
    return state;
  }
  async delete(kind: KindName, made: CreateResult): Promise<void> {
    await lifecycles[kind].delete({ id: made.id, oldState: made.state }, this.context);
  }

  pool(inputs: Properties = {}): Promise<CreateResult> {
    return this.create("pool", "ssd", { backend: "main", name: "ssd", ...inputs });
  }
  volume(name: string, inputs: Properties = {}): Promise<CreateResult> {
    return this.create("volume", name, volumeInputs(name, inputs));
  }
  share(name: string, inputs: Properties = {}): Promise<CreateResult> {
    return this.create("share", name, { size: "1GiB", pool: "main/ssd", name, ...inputs });
  }
  policy(name: string, inputs: Properties = {}): Promise<CreateResult> {
    return this.create("snapshotPolicy", name, policyInputs(name, inputs));
  }
}

export function ownerOf(kind: KindName, name: string): string {
  return `proj/dev/${lifecycles[kind].kind.name}/${name}`;
}

export function volumeInputs(name: string, inputs: Properties = {}): Properties {
  return { size: "1GiB", pool: "main/ssd", name, ...inputs };
}

export function policyInputs(name: string, inputs: Properties = {}): Properties {
  return { schedule: "@daily", retention: { keepDaily: 7 }, targets: ["main/ssd/data"], name, ...inputs };
}

/** A scene with the pool `main/ssd` in it. */
export async function sceneWithPool(options: SceneOptions = {}): Promise<Scene> {
  const scene = new Scene(options);
  await scene.pool();
  return scene;
}

export function uidOf(made: { state: Properties }): string {
  return made.state.uid as string;
}
