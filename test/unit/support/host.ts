import type { Properties } from "../../../provider/lifecycle/lifecycle";
import type { FakeDisk } from "./fakeDriver";

type Host = typeof import("../../../provider/hosts/dynamic");
type Hooks = Host["Volume"];

/** What the engine writes for what is not known yet. */
export const wireUnknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
export const password = "hunter2-for-the-host";

export const configuration = {
  "krstorage:backends": JSON.stringify({ main: { type: "fake", password } }),
  "krstorage:stackId": "stack-1",
};

/** A new provider process: the host as freshly loaded, and the disk that its backend `main` is on. */
export function loadHost(config: Record<string, string> | undefined = configuration): { host: Host; disk: FakeDisk } {
  jest.resetModules();
  const fake = require("./fakeDriver") as typeof import("./fakeDriver");
  const registry = require("../../../provider/drivers/registry") as typeof import("../../../provider/drivers/registry");
  const disk = new fake.FakeDisk();
  registry.registerDriver(fake.fakeDriverType(disk));
  const host = require("../../../provider/hosts/dynamic") as Host;
  configure(host.Volume, config);
  return { host, disk };
}

export function configure(hooks: Hooks, config: Record<string, string>): unknown {
  return hooks.configure({ config: { get: (key) => config[key] } });
}

/** Inputs as the engine sends them: with the provider's text and the owner. */
export function wire(kind: string, name: string, inputs: Properties): Properties {
  return { ...inputs, owner: `proj/dev/${kind}/${name}`, __provider: "exports.handler=…" };
}
export const poolWire = wire("Pool", "ssd", { backend: "main", name: "ssd" });
export const volumeWire = wire("Volume", "data", { size: "1GiB", pool: "main/ssd", name: "data" });

/** The error that an action throws. */
export async function errorOf(action: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  const error: unknown = await action.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof Error) return error as Error & Record<string, unknown>;
  throw new Error("threw nothing");
}
