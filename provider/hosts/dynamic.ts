import type { Log } from "../drivers/driver";
import { lifecycles } from "../lifecycle";
import {
  type CheckFailure,
  type Context,
  type Lifecycle,
  PartialFailure,
  type Properties,
} from "../lifecycle/lifecycle";
import { Plan } from "../lifecycle/plan";
import { fromWire, toWire } from "../lifecycle/unknown";
import { KrStorageError, messageOf } from "../model/errors";
import { redact } from "../model/redact";
import { Storage } from "../storage/storage";
import { type Defaults, withDefaults } from "./defaults";
import { shownFailure } from "./shownFailure";
import { defaultsOf, type StackConfig, storageConfigOf } from "./stackConfig";

/**
 * The dynamic host: Pulumi's dynamic provider calls these hooks with plain JSON. It has no URN (the SDK class passes the
 * owner as an input), no log channel, no cancellation and no detailed diff; everything else is the lifecycle's.
 */

/** How the engine writes an unknown in what it hands to a dynamic provider. */
const wireUnknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
/** The engine's own property; the host around us puts it back. */
const providerKey = "__provider";
/** The hidden input by which the SDK class says who declares the resource. */
const ownerKey = "owner";

interface ConfigureRequest {
  config: { get(key: string): string | undefined };
}

/** One process serves one stack, so its storage and plan are shared by every kind. Made when first used. */
let configured: StackConfig | undefined;
let context: Context | undefined;
let defaults: Defaults | undefined;

/** Only stores: the host does not wait for it, and goes on when it throws. */
function configure(request: ConfigureRequest): void {
  configured ??= {
    backends: request.config.get("krstorage:backends"),
    stackId: request.config.get("krstorage:stackId"),
    defaultPool: request.config.get("krstorage:defaultPool"),
    defaultClass: request.config.get("krstorage:defaultClass"),
  };
}

function sharedContext(): Context {
  if (context) return context;
  const storage = new Storage(storageConfigOf(stackConfig()), { log });
  context = { storage, plan: new Plan(), log };
  return context;
}

function stackConfig(): StackConfig {
  if (configured) return configured;
  throw new KrStorageError("PRECONDITION_FAILED", "the provider was not configured by the engine");
}

/** What a dynamic provider prints is shown by the engine; debug output only where it is asked for. */
const log: Log = {
  debug: (message) => {
    if (process.env.KRSTORAGE_LOG === "debug") console.error(redact(`krstorage: ${message}`));
  },
  info: (message) => console.log(redact(`krstorage: ${message}`)),
  warn: (message) => console.error(redact(`krstorage: warning: ${message}`)),
};

/** The hooks of one kind, as Pulumi's dynamic provider calls them. */
function hooksOf(lifecycle: Lifecycle) {
  return {
    configure,

    async check(oldWire: Properties, newWire: Properties): Promise<{ inputs: Properties; failures: CheckFailure[] }> {
      const olds = split(oldWire);
      const news = split(newWire);
      const owner = news.owner ?? "";
      const oldInputs = Object.keys(olds.properties).length === 0 ? undefined : olds.properties;
      try {
        defaults ??= defaultsOf(stackConfig());
        const newInputs = withDefaults(lifecycle.kind, news.properties, oldInputs, defaults);
        const result = await lifecycle.check({ owner, oldOwner: olds.owner, oldInputs, newInputs }, sharedContext());
        return {
          inputs: { ...toWire(result.inputs, wireUnknown), [ownerKey]: owner },
          failures: result.failures.map((failure) => shownFailure(failure, newWire)),
        };
      } catch (error) {
        if (!KrStorageError.isInstance(error)) throw printable(error);
        return { inputs: newWire, failures: [{ property: "", reason: error.message }] };
      }
    },

    async diff(
      _id: string,
      olds: Properties,
      newWire: Properties,
    ): Promise<{ changes: boolean; replaces: string[]; deleteBeforeReplace: boolean }> {
      const news = split(newWire);
      const { changed, replaces, deleteBeforeReplace } = lifecycle.diff({
        owner: news.owner ?? "",
        oldState: withoutProvider(olds),
        newInputs: news.properties,
      });
      return { changes: changed.length > 0, replaces, deleteBeforeReplace };
    },

    async create(wire: Properties): Promise<{ id: string; outs: Properties }> {
      const { owner, properties } = split(wire);
      try {
        const { id, state } = await lifecycle.create({ owner: owner ?? "", inputs: properties }, sharedContext());
        return { id, outs: plain(state) };
      } catch (error) {
        throw printable(error, wire);
      }
    },

    async read(id: string, wire: Properties): Promise<{ id?: string; props?: Properties; inputs?: Properties }> {
      try {
        const result = await lifecycle.read({ id, oldState: withoutProvider(wire) }, sharedContext());
        if (!result) return {};
        const { owner } = result.state;
        return {
          id: result.id,
          props: plain(result.state),
          inputs: plain({ ...result.inputs, ...(owner === undefined ? {} : { [ownerKey]: owner }) }),
        };
      } catch (error) {
        throw printable(error);
      }
    },

    async update(id: string, olds: Properties, wire: Properties): Promise<{ outs: Properties }> {
      const { owner, properties } = split(wire);
      try {
        const { state } = await lifecycle.update(
          { id, owner: owner ?? "", oldState: withoutProvider(olds), newInputs: properties },
          sharedContext(),
        );
        return { outs: plain(state) };
      } catch (error) {
        throw printable(error, wire);
      }
    },

    async delete(id: string, olds: Properties): Promise<void> {
      try {
        await lifecycle.delete({ id, oldState: withoutProvider(olds) }, sharedContext());
      } catch (error) {
        throw printable(error);
      }
    },
  };
}

/** Takes the hidden inputs apart from those that the lifecycle knows. */
function split(wire: Properties): { owner: string | undefined; properties: Properties } {
  const { [providerKey]: _, [ownerKey]: owner, ...rest } = wire;
  return {
    owner: typeof owner === "string" ? owner : undefined,
    properties: fromWire(rest, (value) => value === wireUnknown),
  };
}

function withoutProvider(wire: Properties): Properties {
  const { [providerKey]: _, ...rest } = wire;
  return fromWire(rest, (value) => value === wireUnknown);
}

/** State is plain JSON: the engine refuses undefined, and would silently turn dates into `{}`. */
function plain(state: Properties): Properties {
  return JSON.parse(JSON.stringify(state)) as Properties;
}

/** An error as the engine prints it: the message alone, and for a partial failure what the state must remember. */
function printable(error: unknown, inputs?: Properties): Error {
  const failure = error instanceof PartialFailure ? error.failure : error;
  const shown = new Error(messageOf(failure));
  shown.stack = shown.message;
  if (error instanceof PartialFailure)
    Object.assign(shown, { id: error.id, properties: plain({ ...inputs, ...error.state }), reasons: [shown.message] });
  if (!KrStorageError.isInstance(failure) && failure instanceof Error && failure.stack)
    shown.stack = redact(failure.stack);
  return shown;
}

export const Pool = hooksOf(lifecycles.pool);
export const Volume = hooksOf(lifecycles.volume);
export const Snapshot = hooksOf(lifecycles.snapshot);
export const VolumeClass = hooksOf(lifecycles.volumeClass);
export const Share = hooksOf(lifecycles.share);
export const SnapshotPolicy = hooksOf(lifecycles.snapshotPolicy);
