import { formatObjectId, formatPoolId } from "../model/names";
import { share } from "../model/share";
import { lacksShareSnapshots } from "./abilities";
import { ignoresAccess } from "./capable";
import type { DataKind } from "./dataKind";
import { dataLifecycle } from "./dataLifecycle";
import { textOf } from "./properties";
import { shareSettings } from "./settings";
import { sizedKind } from "./sizedKind";
import { checkSource } from "./source";

const shareKind: DataKind = {
  ...sizedKind(["size", "volumeClass", "protocol", "access", "source"]),
  kind: share,
  word: "share",
  settingsOf: shareSettings,
  outputsOf: (object) => ({
    sizeBytes: object.record.sizeBytes,
    ...(object.connection === undefined ? {} : { connection: object.connection }),
  }),
  async checkNew(inputs, id, pool, context) {
    const { abilities } = pool;
    if (inputs.access !== undefined && ignoresAccess(textOf(inputs.protocol), abilities))
      context.log.info(
        `${formatObjectId(id)}: access is recorded, not enforced; who reaches a share of pool ${formatPoolId(id)} is who may enter its directory`,
      );
    const uncopied = inputs.source === undefined ? undefined : lacksShareSnapshots(abilities, "what it is made from");
    if (uncopied !== undefined) return [{ property: "source", reason: uncopied }];
    return checkSource("share", inputs, id, shareKind.sizeOf(inputs), pool, context);
  },
};

export const shareLifecycle = dataLifecycle(shareKind);
