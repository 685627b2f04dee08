// A guard for stacks: no volume and no share without a snapshot policy, neither in a preview nor in an update.
const { PolicyPack } = require("@pulumi/policy");

/** The kind of a resource of ours, whichever host serves it. */
const kindOf = ({ type }) => /^(?:krstorage:index:|pulumi-nodejs:dynamic\/krstorage:)(\w+)$/.exec(type)?.[1];

/** What says on purpose that it needs none: scratch space, caches. */
const isExempt = ({ props }) => props.labels?.snapshots === "none";

const isCovered = ({ props }, targets) => {
  // A class with a schedule brings its policy to everything that follows it
  if (props.volumeClass?.schedule !== undefined) return true;
  return targets.has(`${props.pool}/${props.name}`);
};

new PolicyPack("krstorage-snapshots", {
  policies: [
    {
      name: "snapshot-policy",
      description: "Every volume and share has a snapshot policy, by its class or as a target.",
      enforcementLevel: "mandatory",
      validateStack: ({ resources }, report) => {
        const policies = resources.filter((each) => kindOf(each) === "SnapshotPolicy" && each.props.enabled !== false);
        const targets = new Set(policies.flatMap(({ props }) => props.targets));
        for (const each of resources) {
          const kind = kindOf(each);
          if ((kind !== "Volume" && kind !== "Share") || isExempt(each) || isCovered(each, targets)) continue;
          report(
            `${each.props.pool}/${each.props.name} has no snapshot policy: name it in the targets of a SnapshotPolicy, give it a class ` +
              'with schedule and retention, or say that it needs none with labels: { snapshots: "none" }',
            each.urn,
          );
        }
      },
    },
  ],
});
