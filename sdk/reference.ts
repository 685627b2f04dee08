import * as pulumi from "@pulumi/pulumi";

/**
 * What is made when it is first asked for. Few of a program's resources are ever referred to, and an output that nobody reads costs it
 * a good part of what the resource itself does.
 */
export function lazily<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/**
 * The id of a resource as other resources are to use it: known in previews even while the resource is still to be made,
 * because it is computed from its inputs, and carrying the dependency on it. Once the resource exists its real id counts,
 * which keeps the name that it was made with.
 */
export function referableId(resource: pulumi.CustomResource, computed: pulumi.Input<string>): pulumi.Output<string> {
  const { isKnown } = resource.id as pulumi.Output<pulumi.ID> & { isKnown: Promise<boolean> };
  const id = isKnown.then((known) => (known ? resource.id : computed));
  return pulumi.all([resource.urn, id]).apply(([, text]) => text);
}

/**
 * The id of what is given: of a resource of this package the one that previews know too, whatever its kind, so that check can say where
 * another kind is expected.
 */
export function idOf(given: pulumi.Resource | pulumi.Input<string>): pulumi.Input<string> {
  if (!pulumi.CustomResource.isInstance(given)) return given as pulumi.Input<string>;
  const ids = given as {
    snapshotId?: pulumi.Output<string>;
    volumeId?: pulumi.Output<string>;
    shareId?: pulumi.Output<string>;
    poolId?: pulumi.Output<string>;
  };
  return ids.snapshotId ?? ids.volumeId ?? ids.shareId ?? ids.poolId ?? given.id;
}

/** `<place>/<name>`: where something is in a backend or pool, or is going to be. */
export function placeIn(place: pulumi.Input<string>, name: pulumi.Input<string>): pulumi.Output<string> {
  return pulumi.all([place, name]).apply(([where, text]) => `${where}/${text}`);
}
