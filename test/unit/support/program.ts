import * as pulumi from "@pulumi/pulumi";

type Sdk = typeof import("../../../sdk");

/** What the engine was asked to register. */
export interface Registered {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
  id: string | undefined;
}

/** The SDK in a program of project `proj`, stack `dev`, whose engine answers as it does in a preview or in an update. */
export async function startProgram(phase: "preview" | "update"): Promise<{ sdk: Sdk; registered: Registered[] }> {
  const registered: Registered[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs, id }) => {
        registered.push({ type, name, inputs, id });
        return {
          id: phase === "preview" ? undefined : id || `id-of-${name}`,
          state: { ...inputs, uid: `uid-of-${name}` },
        };
      },
      call: () => ({}),
    },
    "proj",
    "dev",
    phase === "preview",
  );
  return { sdk: require("../../../sdk") as Sdk, registered };
}

/** The value of an output, or undefined while it is not known. */
export async function settled<T>(output: pulumi.Output<T>): Promise<T | undefined> {
  const { isKnown, promise } = output as unknown as { isKnown: Promise<boolean>; promise(): Promise<T> };
  return (await isKnown) ? promise() : undefined;
}

/** The names of the resources that an output depends on. */
export async function dependenciesOf(output: pulumi.Output<unknown>): Promise<string[]> {
  const { allResources } = output as unknown as { allResources(): Promise<Set<pulumi.Resource & { __name?: string }>> };
  return [...(await allResources())].map((resource) => resource.__name ?? "?");
}
