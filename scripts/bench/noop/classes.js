// The classes of krstorage without what is in them: the same properties, and in each host what krstorage's have there.
const pulumi = require("@pulumi/pulumi");

const poolInputs = "backend name tier labels capacity maxOvercommit reserve trashRetention adopt";
const poolOutputs = "driver capabilities identity uid status claim owner";
const volumeInputs =
  "size pool volumeClass name source labels deletionProtection timeouts adopt allowDataLoss recreateIfMissing";
const volumeOutputs = "uid status claim owner poolIdentity sizeBytes actualSizeBytes connection";

const classInputs =
  "name pools placement qos accessModes reclaimPolicy allowExpansion labels schedule timezone retention";
const policyInputs =
  "name schedule timezone retention keepAtLeast maxDeletes targets consistency hooks enabled labels adopt";
const policyOutputs = "uid status generation claim owner";

/**
 * `type` gives what a kind is called in the host, `hidden` what its SDK class passes besides the user's arguments.
 */
exports.classesOf = (type, hidden) => {
  const propertiesOf = (kind, name, keys, args) => ({
    ...Object.fromEntries(keys.split(" ").map((key) => [key, undefined])),
    ...args,
    ...hidden(kind, name),
  });

  class Pool extends pulumi.CustomResource {
    constructor(name, args, opts) {
      super(type("Pool"), name, propertiesOf("Pool", name, `${poolOutputs} ${poolInputs}`, args), opts);
    }
  }

  class Volume extends pulumi.CustomResource {
    constructor(name, args, opts) {
      const given = { ...args, pool: args.pool?.id, volumeClass: args.volumeClass?.given };
      super(type("Volume"), name, propertiesOf("Volume", name, `${volumeOutputs} ${volumeInputs}`, given), opts);
    }
  }

  class VolumeClass extends pulumi.CustomResource {
    constructor(name, args, opts) {
      const given = { ...args, pools: args.pools.map((pool) => pool.id) };
      super(
        type("VolumeClass"),
        name,
        propertiesOf("VolumeClass", name, `definition owner ${classInputs}`, given),
        opts,
      );
      this.given = pulumi.all([pulumi.output({ ...given, name }), this.urn]).apply(([definition]) => definition);
    }
  }

  class SnapshotPolicy extends pulumi.CustomResource {
    constructor(name, args, opts) {
      const given = { ...args, targets: args.targets.map((target) => target.id) };
      const properties = propertiesOf("SnapshotPolicy", name, `${policyOutputs} ${policyInputs}`, given);
      super(type("SnapshotPolicy"), name, properties, opts);
    }
  }

  return { Pool, Volume, VolumeClass, SnapshotPolicy };
};
