import { volume } from "../model/volume";
import type { DataKind } from "./dataKind";
import { dataLifecycle } from "./dataLifecycle";
import { volumeSettings } from "./settings";
import { sizedKind } from "./sizedKind";
import { checkImage, checkSource } from "./source";

const volumeKind: DataKind = {
  ...sizedKind(["size", "volumeClass", "accessModes", "qos", "source"]),
  kind: volume,
  word: "volume",
  settingsOf: volumeSettings,
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
