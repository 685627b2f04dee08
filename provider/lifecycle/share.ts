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
    const protocol = textOf(inputs.protocol) ?? abilities.can.shareProtocols?.[0];
    if (inputs.access !== undefined && ignoresAccess(protocol, abilities)) {
      const who = protocol === "cephfs" ? "has the key of its cephx user" : "may enter its directory";
      context.log.info(
        `${formatObjectId(id)}: access is recorded, not enforced; who reaches a share of pool ${formatPoolId(id)} is who ${who}`,
      );
    }
    const uncopied = inputs.source === undefined ? undefined : lacksShareSnapshots(abilities, "what it is made from");
    if (uncopied !== undefined) return [{ property: "source", reason: uncopied }];
    return checkSource("share", inputs, id, shareKind.sizeOf(inputs), pool, context);
  },
};

export const shareLifecycle = dataLifecycle(shareKind);
