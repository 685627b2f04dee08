import { formatBytes } from "../../../provider/model/quantity";
import { type ObjectDetails, type PoolContents, poolContents } from "../../../provider/storage/contents";
import type { Arguments, Command } from "../command";
import { askPools } from "../everyPool";
import { type Block, type Cell, statusCell } from "../output/blocks";
import { showTime } from "../output/time";
import type { Session } from "../session";
import { unconfigured } from "../unconfigured";

export const ls: Command = {
  arguments: [{ name: "[pool]", description: 'a pool, such as "main/ssd"; without it all pools are listed' }],
  options: [
    { flags: "--trash", description: "what is in the trash, with the uid that undelete needs" },
    { flags: "--all", description: "live objects and the trash" },
  ],
  examples: [
    ["ls main/ssd", "what lives in a pool"],
    ["ls main/ssd --trash", "what can be brought back, and until when"],
    ["ls --all --json", "everything in every pool, for programs"],
  ],
  async run(session, args) {
    const { found, problems, exitCode } = await askPools(session, args.optional(0), (pool) =>
      poolContents(session.storage, pool),
    );
    const objects = found.flatMap((pool) => pool.objects).filter(selection(args));
    const damaged = args.flag("trash") ? [] : found.flatMap(damagedIn);
    const isEmpty = objects.length + damaged.length === 0;
    const text = isEmpty ? nothing(session, args, found) : listing(objects, damaged, args);
    return { json: { objects, damaged, problems }, text, exitCode };
  },
};

function nothing(session: Session, args: Arguments, found: PoolContents[]): Block[] {
  if (args.flag("trash")) return unconfigured(session, "Nothing is in the trash") ?? ["Nothing is in the trash."];
  const trashed = found.flatMap((pool) => pool.objects).filter(isInTrash).length;
  if (trashed > 0) {
    const pool = args.optional(0);
    return [
      `There are no objects. ${trashed} in the trash: krstorage ls ${pool === undefined ? "" : `${pool} `}--trash`,
    ];
  }
  return unconfigured(session, "There are no objects") ?? ["There are no objects."];
}

interface Damaged {
  pool: string;
  uid: string;
  name?: string;
  problem: string;
}

function damagedIn(pool: PoolContents): Damaged[] {
  return pool.damaged.map((record) => ({ pool: pool.id, ...record }));
}

function selection(args: Arguments): (object: ObjectDetails) => boolean {
  if (args.flag("all")) return () => true;
  return (object) => isInTrash(object) === args.flag("trash");
}

function isInTrash({ phase }: ObjectDetails): boolean {
  return phase === "trashed" || phase === "purging";
}

function listing(objects: ObjectDetails[], damaged: Damaged[], args: Arguments): Block[] {
  if (args.flag("trash")) return [trashTable(objects)];
  const rows = objects.map((object): Cell[] => [
    object.id,
    object.kind,
    object.phase === "live" ? statusCell(object.status) : { text: object.phase, tone: "dim" },
    formatBytes(object.sizeBytes),
    showTime(object.createdAt),
    object.owner,
  ]);
  const unread = damaged.map((record): Cell[] => [
    `${record.pool}/${record.name ?? `uid ${record.uid}`}`,
    "?",
    statusCell("damaged"),
    "?",
    "?",
    record.problem,
  ]);
  const size = { title: "SIZE", align: "right" } as const;
  return [{ columns: ["ID", "KIND", "STATUS", size, "CREATED", "OWNER"], rows: [...rows, ...unread] }];
}

function trashTable(objects: ObjectDetails[]): Block {
  return {
    columns: ["ID", "KIND", { title: "SIZE", align: "right" }, "KEPT UNTIL", "UID"],
    rows: objects.map((object) => [
      object.id,
      object.kind,
      formatBytes(object.sizeBytes),
      object.phase === "purging" ? "being purged" : showTime(object.expiresAt),
      object.uid,
    ]),
  };
}
