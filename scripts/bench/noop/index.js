// The classes of krstorage without what is in them: the same properties, the same host, provider text of the same length.
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

function propertiesOf(kind, name, keys, args) {
  return {
    ...Object.fromEntries(keys.split(" ").map((key) => [key, undefined])),
    ...args,
    owner: `${pulumi.getProject()}/${pulumi.getStack()}/${kind}/${name}`,
    __provider: `exports.handler=()=>require("krs-no-op/dynamic").${kind}`,
  };
}

exports.Pool = class Pool extends pulumi.CustomResource {
  constructor(name, args, opts) {
    const properties = propertiesOf("Pool", name, `${poolOutputs} ${poolInputs}`, args);
    super("pulumi-nodejs:dynamic/krs-no-op:Pool", name, properties, opts);
  }
};

exports.Volume = class Volume extends pulumi.CustomResource {
  constructor(name, args, opts) {
    const properties = propertiesOf("Volume", name, `${volumeOutputs} ${volumeInputs}`, {
      ...args,
      pool: args.pool?.id,
      volumeClass: args.volumeClass?.given,
    });
    super("pulumi-nodejs:dynamic/krs-no-op:Volume", name, properties, opts);
  }
};

exports.VolumeClass = class VolumeClass extends pulumi.CustomResource {
  constructor(name, args, opts) {
    const given = { ...args, pools: args.pools.map((pool) => pool.id) };
    const properties = propertiesOf("VolumeClass", name, `definition owner ${classInputs}`, given);
    super("pulumi-nodejs:dynamic/krs-no-op:VolumeClass", name, properties, opts);
    this.given = pulumi.all([pulumi.output({ ...given, name }), this.urn]).apply(([definition]) => definition);
  }
};

exports.SnapshotPolicy = class SnapshotPolicy extends pulumi.CustomResource {
  constructor(name, args, opts) {
    const targets = args.targets.map((target) => target.id);
    const properties = propertiesOf("SnapshotPolicy", name, `${policyOutputs} ${policyInputs}`, { ...args, targets });
    super("pulumi-nodejs:dynamic/krs-no-op:SnapshotPolicy", name, properties, opts);
  }
};
