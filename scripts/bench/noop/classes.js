// The classes of krstorage without what is in them: the same properties, and in each host what krstorage's have there.
const pulumi = require("@pulumi/pulumi");

/** The names of each kind's properties; written beside this file when the workspace is made. */
const properties = require("./properties.json");

/**
 * `type` gives what a kind is called in the host, `hidden` what its SDK class passes besides the user's arguments.
 */
exports.classesOf = (type, hidden) => {
  const propertiesOf = (kind, name, args) => ({
    ...Object.fromEntries(properties[kind].map((key) => [key, undefined])),
    ...args,
    ...hidden(kind, name),
  });

  class Pool extends pulumi.CustomResource {
    constructor(name, args, opts) {
      super(type("Pool"), name, propertiesOf("Pool", name, args), opts);
    }
  }

  class Volume extends pulumi.CustomResource {
    constructor(name, args, opts) {
      const given = { ...args, pool: args.pool?.id, volumeClass: args.volumeClass?.given };
      super(type("Volume"), name, propertiesOf("Volume", name, given), opts);
    }
  }

  class VolumeClass extends pulumi.CustomResource {
    constructor(name, args, opts) {
      const given = { ...args, pools: args.pools.map((pool) => pool.id) };
      super(type("VolumeClass"), name, propertiesOf("VolumeClass", name, given), opts);
      this.given = pulumi.all([pulumi.output({ ...given, name }), this.urn]).apply(([definition]) => definition);
    }
  }

  class SnapshotPolicy extends pulumi.CustomResource {
    constructor(name, args, opts) {
      const given = { ...args, targets: args.targets.map((target) => target.id) };
      super(type("SnapshotPolicy"), name, propertiesOf("SnapshotPolicy", name, given), opts);
    }
  }

  return { Pool, Volume, VolumeClass, SnapshotPolicy };
};
