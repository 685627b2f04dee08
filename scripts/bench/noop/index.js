// Served by the dynamic provider's host, with provider text of the length of krstorage's.
const pulumi = require("@pulumi/pulumi");
const { classesOf } = require("./classes");

module.exports = classesOf(
  (kind) => `pulumi-nodejs:dynamic/krs-no-op:${kind}`,
  (kind, name) => ({
    owner: `${pulumi.getProject()}/${pulumi.getStack()}/${kind}/${name}`,
    __provider: `exports.handler=()=>require("krs-no-op/dynamic").${kind}`,
  }),
);
