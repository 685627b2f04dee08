// Hooks that return at once, with outputs of the size that krstorage's have.
const { realpathSync } = require("node:fs");
const { join } = require("node:path");

const hex = (digits) => "0123456789abcdef".repeat(8).slice(0, digits);
const pathOfDisk = join(realpathSync("."), "storage", "ssd", "data", hex(32), "disk.raw");

function withName(inputs) {
  const { __provider, owner, ...given } = inputs;
  const name = owner.slice(owner.lastIndexOf("/") + 1);
  // A volume without a pool is placed in one of its class
  const placed = given.volumeClass && !given.pool ? { pool: given.volumeClass.pools[0] } : {};
  return { ...given, ...placed, name, owner };
}

function hooksOf(idOf, outputs) {
  return {
    check: (_olds, news) => ({ inputs: withName(news), failures: [] }),
    diff: () => ({ changes: false, replaces: [], deleteBeforeReplace: false }),
    create: ({ __provider, ...inputs }) => ({ id: idOf(inputs), outs: { ...inputs, ...outputs } }),
    read(id, { __provider, ...state }) {
      const inputs = Object.entries(state).filter(([key]) => key === "owner" || !Object.hasOwn(outputs, key));
      return { id, props: state, inputs: Object.fromEntries(inputs) };
    },
    update: (_id, _olds, { __provider, ...inputs }) => ({ outs: { ...inputs, ...outputs } }),
    delete() {},
  };
}

exports.Pool = hooksOf(({ backend, name }) => `${backend}/${name}`, {
  uid: hex(32),
  claim: hex(16),
  identity: hex(32),
  status: "ready",
  driver: "local",
  capabilities: { grow: true, snapshots: true, clones: true, copyOnWrite: false, onlineSnapshot: "none" },
});

exports.Volume = hooksOf(({ pool, name }) => `${pool}/${name}`, {
  uid: hex(32),
  claim: hex(16),
  status: "ready",
  poolIdentity: hex(32),
  sizeBytes: 1048576,
  actualSizeBytes: 1048576,
  connection: { type: "file", path: pathOfDisk, format: "raw" },
});

exports.VolumeClass = hooksOf(({ name }) => `class/${name}`, {
  definition: { name: "silver", pools: ["main/ssd"], allowExpansion: true, labels: { tier: "silver" } },
});

exports.SnapshotPolicy = hooksOf(({ name }) => `policy/${name}`, {
  uid: hex(32),
  claim: hex(16),
  status: "ready",
  generation: 1,
});
