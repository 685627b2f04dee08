// RBD images by the library, on a real cluster that is started for it: against Ceph's own command line, against bare calls of the dashboard's
// REST interface, and against librbd alone in the same process, which is stricter than either.
import { join } from "node:path";
import { missingPrograms, startCluster, stopCluster } from "../../../test/backends/ceph/cluster.mjs";
import { StepError } from "../../lib/console.mjs";
import { installCommand } from "../../lib/debian.mjs";
import { run, tail, which } from "../../lib/run.mjs";
import { countCalls, counted } from "../counting.mjs";
import { isDashboardInstalled, openDashboard } from "../dashboard.mjs";
import { interleave, timed } from "../interleave.mjs";
import { limited } from "../limited.mjs";
import { progress } from "../progress.mjs";
import { pairedRatio, spread } from "../statistics.mjs";
import { atMost, ratioAtMost } from "../verdict.mjs";
import { refreshOfMany } from "./refreshLists.mjs";

/** The concurrency of a backend where none is configured, and of the driver's connection. */
const atOnce = 16;
const port = 25_500;
const listGoal = 3;
/** A loop over the command line takes at least so many times as long as the library. */
const loopGoal = 5;
const bareGoal = 1.5;
const size = "1MiB";
const nameOf = (number) => `volume-${String(number).padStart(4, "0")}`;

export async function cephFigures({ workspace }, { images, cephRuns: runs }) {
  const missing = [...missingPrograms(), ...(which("rbd") ? [] : ["rbd"])];
  if (missing.length > 0)
    throw new StepError(`Ceph is not installed here (${missing.join(", ")}); to add it: ${installCommand()}`);
  if (!isDashboardInstalled())
    throw new StepError(
      "Ceph's dashboard, with whose REST interface the library is compared, is not installed; to add it: apt-get install -y --no-install-recommends ceph-mgr-dashboard",
    );
  const folder = join(workspace.newFolder(), "cluster");
  progress("  starting a Ceph cluster");
  const cluster = await startCluster({ folder, port, bound: true });
  try {
    const { monitors, user, keyring } = cluster;
    const main = { type: "ceph", monitors, user, keyring, replicas: 2 };
    const dashboard = await openDashboard(cluster, port + 2);
    const series = new Series(workspace, { cluster, dashboard }, { main }, images);
    const creates = await interleave(`creates of ${images} RBD images`, runs, {
      library: () => series.library(),
      rest: () => series.rest(),
      bare: () => series.bare(),
      loop: () => series.loop(),
    });
    const snapshots = await interleave(`snapshots of ${images} RBD images`, runs, {
      library: () => series.librarySnapshots(),
      rest: () => series.restSnapshots(),
      bare: () => series.bareSnapshots(),
      loop: () => series.loopSnapshots(),
    });
    return [
      ...compared(`${images} RBD images`, creates, "rbd create"),
      ...compared(`${images} RBD snapshots`, snapshots, "rbd snap create"),
      ...(await listsOf(workspace, main, images)),
    ];
  } finally {
    await stopCluster({ folder, purge: true });
  }
}

/** Measurements on one cluster, each in a pool of its own that is removed afterwards. */
class Series {
  #pools = 0;

  constructor(workspace, { cluster, dashboard }, backends, images) {
    this.workspace = workspace;
    this.cluster = cluster;
    this.dashboard = dashboard;
    this.backends = backends;
    this.images = images;
  }

  library() {
    return this.#inPool(({ storage, pool }) => timed(() => this.#make(storage, pool)));
  }
  bare() {
    return this.#inPool(({ direct, id }) =>
      timed(() => limited(this.images, atOnce, (number) => direct.createImage(id, nameOf(number), 2 ** 20, null))),
    );
  }
  rest() {
    return this.#inPool(async ({ direct, name, id }) => {
      const took = await timed(() => this.#makeByRest(name));
      requireAll(this.images, (await direct.names(id)).images);
      return took;
    });
  }
  loop() {
    return this.#inPool(({ name }) =>
      timed(() =>
        limited(this.images, 1, (number) => this.#rbd("create", "--size", "1M", `${name}/${nameOf(number)}`)),
      ),
    );
  }

  librarySnapshots() {
    return this.#inPool(async ({ storage, pool }) => {
      await this.#make(storage, pool);
      return timed(() =>
        limited(this.images, atOnce, (number) => storage.createSnapshot(`${pool}/${nameOf(number)}`, "one")),
      );
    });
  }
  bareSnapshots() {
    return this.#inPool(async ({ direct, id }) => {
      const made = [];
      await limited(this.images, atOnce, async (number) => {
        made[number] = await direct.createImage(id, nameOf(number), 2 ** 20, null);
      });
      return timed(() => limited(this.images, atOnce, (number) => direct.createSnapshot(id, made[number], "one")));
    });
  }
  restSnapshots() {
    return this.#inPool(async ({ direct, name, id }) => {
      await this.#makeByRest(name);
      const took = await timed(() =>
        limited(this.images, atOnce, (number) => this.dashboard.createSnapshot(name, nameOf(number), "one")),
      );
      const { images } = await direct.names(id);
      requireAll(this.images, (await Promise.all(images.map(([image]) => direct.snapshots(id, image)))).flat());
      return took;
    });
  }
  loopSnapshots() {
    return this.#inPool(async ({ direct, name, id }) => {
      await limited(this.images, atOnce, (number) => direct.createImage(id, nameOf(number), 2 ** 20, null));
      return timed(() =>
        limited(this.images, 1, (number) => this.#rbd("snap", "create", `${name}/${nameOf(number)}@one`)),
      );
    });
  }

  #make(storage, pool) {
    return limited(this.images, atOnce, (number) => storage.createVolume(`${pool}/${nameOf(number)}`, { size }));
  }

  #makeByRest(pool) {
    return limited(this.images, atOnce, (number) => this.dashboard.createImage(pool, nameOf(number), 2 ** 20));
  }

  /** Both connections have been used when the measurement begins, as they have in a program that runs. */
  async #inPool(measure) {
    this.#pools += 1;
    const name = `bench-${this.#pools}`;
    const storage = this.workspace.require("krstorage/storage").openStorage({ backends: this.backends });
    const load = (path) => this.workspace.require(this.workspace.inside(`provider/drivers/ceph/${path}.js`));
    const options = load("options").cephOptions.parse(this.backends.main);
    const worker = new (load("worker").Worker)("main", options);
    try {
      await storage.createPool(`main/${name}`, { reserve: "0B" });
      const direct = new (load("cluster").Cluster)(worker, "main");
      return await measure({ storage, direct, name, pool: `main/${name}`, id: await direct.poolId(name) });
    } finally {
      await storage.close();
      await worker.close();
      await this.#admin("ceph", "osd", "pool", "delete", name, name, "--yes-i-really-really-mean-it");
    }
  }

  #rbd(...args) {
    const { conf, user, keyring } = this.cluster;
    return this.#run("rbd", ["--conf", conf, "--id", user, "--keyring", keyring, ...args]);
  }
  #admin(command, ...args) {
    return this.#run(command, ["--conf", this.cluster.conf, ...args]);
  }
  async #run(command, args) {
    const { code, output } = await run(command, args);
    if (code !== 0) throw new StepError(`${command} ${args.join(" ")} failed:\n${tail(output)}`);
  }
}

/** An answer of the dashboard may come before its task has ended: what is there counts. */
function requireAll(count, found) {
  if (found.length !== count) throw new StepError(`the dashboard has made ${found.length} of ${count}`);
}

function compared(what, { library, rest, bare, loop }, command) {
  const faster = pairedRatio(library, loop);
  const overRest = pairedRatio(library, rest);
  const overBare = pairedRatio(library, bare);
  return [
    {
      name: `${what} by the library / a loop of \`${command}\``,
      unit: "ratio",
      ...faster,
      goal: 1 / loopGoal,
      verdict: ratioAtMost(faster, 1 / loopGoal),
    },
    {
      name: "… / bare calls of the dashboard's REST interface, as many at once",
      unit: "ratio",
      ...overRest,
      goal: bareGoal,
      verdict: ratioAtMost(overRest, bareGoal),
    },
    {
      name: "… / librbd alone in the same process, as many at once",
      unit: "ratio",
      ...overBare,
      goal: bareGoal,
      verdict: ratioAtMost(overBare, bareGoal),
    },
    { name: "library", unit: "ms", ...spread(library), isSub: true },
    { name: "bare REST calls", unit: "ms", ...spread(rest), isSub: true },
    { name: "librbd alone", unit: "ms", ...spread(bare), isSub: true },
    { name: `loop of ${command}`, unit: "ms", ...spread(loop), isSub: true },
  ];
}

async function listsOf(workspace, main, images) {
  const { lists, all } = await refreshOfMany(countCalls(workspace, main), images);
  return [
    {
      name: `lists in a refresh of ${images} RBD images`,
      ...counted(lists),
      goal: listGoal,
      verdict: atMost(lists, listGoal),
    },
    { name: "calls of the driver in all", ...counted(all), isSub: true },
  ];
}
