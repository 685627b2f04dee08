// The classes of krstorage without what is in them: the same properties, the same host, provider text of the same length.
const pulumi = require("@pulumi/pulumi");

const poolInputs = "backend name tier labels capacity maxOvercommit reserve trashRetention adopt";
const poolOutputs = "driver capabilities identity uid status claim owner";
const volumeInputs = "size pool name source labels deletionProtection timeouts adopt allowDataLoss recreateIfMissing";
const volumeOutputs = "uid status claim owner poolIdentity sizeBytes actualSizeBytes connection";

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
      pool: args.pool.id,
    });
    super("pulumi-nodejs:dynamic/krs-no-op:Volume", name, properties, opts);
  }
};
