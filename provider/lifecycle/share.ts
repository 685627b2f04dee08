import { formatObjectId, formatPoolId } from "../model/names";
import { bytesOf } from "../model/quantity";
import { share } from "../model/share";
import { enforcesAccess } from "./capable";
import type { DataKind } from "./dataKind";
import { dataLifecycle } from "./dataLifecycle";
import { placeOf, recordedInputs } from "./place";
import { textOf } from "./properties";
import { allLabels, shareSettings } from "./settings";
import { checkSource, sourceIdOf } from "./source";

const recorded = ["size", "volumeClass", "protocol", "access", "source"] as const;

const shareKind: DataKind = {
  kind: share,
  word: "share",
  missingIsGone: false,
  idOf: placeOf,
  sourceOf: sourceIdOf,
  requestedOf: (inputs) => recordedInputs(inputs, recorded),
  inputsOf: ({ record }, id) => ({
    ...recordedInputs(record.requested, recorded),
    pool: `${id.backend}/${id.pool}`,
    name: id.name,
  }),
  sizeOf: (inputs) => (typeof inputs.size === "string" ? bytesOf(inputs.size) : undefined),
  settingsOf: shareSettings,
  labelsOf: allLabels,
  outputsOf: (object) => ({
    sizeBytes: object.record.sizeBytes,
    ...(object.connection === undefined ? {} : { connection: object.connection }),
  }),
  async checkNew(inputs, id, view, context) {
    const capabilities = view?.pool.record.capabilities;
    if (capabilities && inputs.access !== undefined && !enforcesAccess(textOf(inputs.protocol), capabilities))
      context.log.info(
        `${formatObjectId(id)}: access is recorded, not enforced; who reaches a share of pool ${formatPoolId(id)} is who may enter its directory`,
      );
    if (capabilities && inputs.source !== undefined && (capabilities.shareSnapshot ?? "none") === "none")
      return [
        {
          property: "source",
          reason: `pool ${formatPoolId(id)} cannot copy a share at one point in time; use a pool that can, such as one on btrfs or xfs`,
        },
      ];
    return checkSource(inputs, id, shareKind.sizeOf(inputs), view, context);
  },
};

export const shareLifecycle = dataLifecycle(shareKind);
