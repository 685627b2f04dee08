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
  async checkNew(inputs, id, pool, context) {
    const size = volumeKind.sizeOf(inputs);
    const failures = checkSource("volume", inputs, id, size, pool, context);
    return [...failures, ...(await checkImage(inputs, id, size, pool, context))];
  },
};

export const volumeLifecycle = dataLifecycle(volumeKind);
