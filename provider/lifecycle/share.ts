import { formatObjectId, formatPoolId } from "../model/names";
import { share } from "../model/share";
import { enforcesAccess } from "./capable";
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
