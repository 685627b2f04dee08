import { formatObjectId, parseObjectId, snapshotName } from "../model/names";
import { snapshot } from "../model/snapshot";
import { healthProblem } from "../storage/claims";
import { lacksShareSnapshots } from "./abilities";
import type { DataKind } from "./dataKind";
import { dataLifecycle } from "./dataLifecycle";
import type { CheckFailure } from "./lifecycle";
import { labelsOf, textOf } from "./properties";
import { kindOf } from "./source";

const snapshotKind: DataKind = {
  kind: snapshot,
  word: "snapshot",
  // A new one is a point in time like any other, and nothing was ever written to the old one
  missingIsGone: true,

  idOf(inputs) {
    const source = textOf(inputs.source);
    const name = textOf(inputs.name);
    const volume = source === undefined ? undefined : parseObjectId(source);
    return volume && name !== undefined ? { ...volume, name: snapshotName(volume.name, name) } : undefined;
  },
  sourceOf: (inputs) => textOf(inputs.source),
  requestedOf: ({ source }) => ({ source }),
  inputsOf: (_object, id) => {
    const [volume, name] = id.name.split("@") as [string, string];
    return { source: formatObjectId({ ...id, name: volume }), name };
  },
  sizeOf: () => undefined,
  settingsOf: () => undefined,
  labelsOf,
  outputsOf: ({ record }) => ({
    createdAt: record.createdAt,
    consistency: record.consistency,
    sizeBytes: record.sizeBytes,
    sourceUid: record.sourceUid,
  }),

  async checkNew(inputs, id, { view, abilities }, { plan, storage, signal }) {
    const failures: CheckFailure[] = [];
    const volume = parseObjectId(inputs.source as string);
    if (!volume) return failures;
    const isShare = kindOf(volume, view, plan) === "share";
    const uncopied = isShare ? lacksShareSnapshots(abilities, formatObjectId(volume)) : undefined;
    if (uncopied !== undefined) return [{ property: "source", reason: uncopied }];
    if (!view) return failures;
    const source = view.byName(volume.name);
    if (source?.phase !== "live") {
      if (!plan.hasName(formatObjectId(volume)))
        failures.push({
          property: "source",
          reason: `there is no ${formatObjectId(volume)}; declare it in this stack and pass the resource itself, or name one that exists`,
        });
      return failures;
    }
    const problem = healthProblem(source, formatObjectId(volume));
    if (problem) return [{ property: "source", reason: `${problem}; no snapshot can be taken of it` }];
    const { onlineSnapshot, shareSnapshot } = view.pool.record.capabilities;
    if ((isShare ? shareSnapshot : onlineSnapshot) === "crash") return failures;
    const holders = await storage
      .backend(id.backend)
      .read(signal, (driver, call) => driver.holders({ name: id.pool }, source.record.uid, call));
    const writer = holders.find((holder) => holder.writes);
    if (writer) {
      failures.push({
        property: "source",
        reason: `${formatObjectId(volume)} is in use by ${writer.name}, and this pool cannot copy ${isShare ? "a share that is being written" : "a running disk"} at one point in time; stop what uses it${isShare ? "" : ", or use a pool on btrfs or xfs"}`,
      });
    }
    return failures;
  },
};

export const snapshotLifecycle = dataLifecycle(snapshotKind);
