import * as pulumi from "@pulumi/pulumi";
import {
  type Connection,
  classTemplates,
  type Pool,
  Share,
  type ShareConnection,
  Snapshot,
  SnapshotPolicy,
  Volume,
  VolumeClass,
} from "krstorage";

export interface DesktopPoolArgs {
  /** Where everything is placed. */
  pool: Pool;
  /** How many desktops there are. A larger number makes new ones; the others stay as they are. */
  desktops: number;
  /** Size of the base disk and of every profile disk that is made from it. */
  diskSize: string;
  /** How much user data there may be. */
  userDataSize: string;
  /** Refuse to delete the base disk and the user data. Default true. */
  protect?: boolean;
}

/** Desktops for a group of users: profile disks that all start as one base disk, and one share for what users keep. */
export class DesktopPool extends pulumi.ComponentResource {
  /** How each desktop's machine reaches its disk. */
  readonly disks: pulumi.Output<Connection>[];
  /** How the machines reach the users' data. */
  readonly userData: pulumi.Output<ShareConnection>;

  constructor(name: string, args: DesktopPoolArgs, opts?: pulumi.ComponentResourceOptions) {
    super("desktops:index:DesktopPool", name, {}, opts);
    const { pool, diskSize, protect = true } = args;

    // A class lives in the state alone, so it may simply end with its pool. What holds data never may: see the README.
    const desktopClass = new VolumeClass(
      `${name}-desktop`,
      { ...classTemplates.bronze, pools: [pool], labels: { desktops: name } },
      { parent: this, deletedWith: pool },
    );

    // `deletionProtection` is kept with the object and holds for everybody; `protect` keeps this stack from trying.
    const base = new Volume(
      `${name}-base`,
      { volumeClass: desktopClass, size: diskSize, deletionProtection: protect },
      { parent: this, protect },
    );
    const golden = new Snapshot(`${name}-golden`, { source: base }, { parent: this });

    const profiles = Array.from(
      { length: args.desktops },
      (_, index) =>
        new Volume(
          `${name}-profile-${index + 1}`,
          { volumeClass: desktopClass, size: diskSize, source: { snapshot: golden } },
          { parent: this },
        ),
    );
    const users = new Share(
      `${name}-users`,
      { volumeClass: desktopClass, size: args.userDataSize, deletionProtection: protect },
      { parent: this, protect },
    );

    // Where the pool cannot take snapshots of shares (ext4), the policy covers the disks, and says so; where it can, all.
    const targets = pool.capabilities.apply(({ shareSnapshot = "none" }) => {
      if (shareSnapshot !== "none") return [...profiles, users];
      void pulumi.log.warn("has no snapshots: its pool can take none of shares", users);
      return profiles;
    });
    new SnapshotPolicy(
      `${name}-nightly`,
      { schedule: "30 2 * * *", timezone: "Europe/Vienna", retention: { keepDaily: 7, keepWeekly: 4 }, targets },
      { parent: this },
    );

    this.disks = profiles.map((profile) => profile.connection);
    this.userData = users.connection;
    this.registerOutputs({ disks: this.disks, userData: this.userData });
  }
}
