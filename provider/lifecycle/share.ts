import { bytesOf } from "../model/quantity";
import { share } from "../model/share";
import type { DataKind } from "./dataKind";
import { dataLifecycle } from "./dataLifecycle";
import { placeOf, recordedInputs } from "./placement";
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
  outputsOf: (object, pool) => ({
    sizeBytes: object.record.sizeBytes,
    quota: pool.capabilities.shareQuota ?? "advisory",
    ...(object.connection === undefined ? {} : { connection: object.connection }),
  }),
  checkNew: async (inputs, id, view, context) => checkSource(inputs, id, shareKind.sizeOf(inputs), view, context),
};

export const shareLifecycle = dataLifecycle(shareKind);
