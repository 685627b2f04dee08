import { bytesOf } from "../model/quantity";
import { volume } from "../model/volume";
import type { DataKind } from "./dataKind";
import { dataLifecycle } from "./dataLifecycle";
import { placeOf, recordedInputs } from "./place";
import { allLabels, volumeSettings } from "./settings";
import { checkImage, checkSource, sourceIdOf } from "./source";

const recorded = ["size", "volumeClass", "accessModes", "qos", "source"] as const;

const volumeKind: DataKind = {
  kind: volume,
  word: "volume",
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
  settingsOf: volumeSettings,
  labelsOf: allLabels,
  outputsOf: (object) => ({
    sizeBytes: object.record.sizeBytes,
    actualSizeBytes: object.actualSizeBytes,
    ...(object.connection === undefined ? {} : { connection: object.connection }),
  }),
  async checkNew(inputs, id, view, context) {
    const size = volumeKind.sizeOf(inputs);
    const failures = checkSource(inputs, id, size, view, context);
    return [...failures, ...(await checkImage(inputs, id, size, view, context))];
  },
};

export const volumeLifecycle = dataLifecycle(volumeKind);
