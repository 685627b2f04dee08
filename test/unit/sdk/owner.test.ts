import * as pulumi from "@pulumi/pulumi";
import { settled, startProgram } from "../support/program";

let program: Awaited<ReturnType<typeof startProgram>>;
beforeAll(async () => {
  program = await startProgram("update");
});

async function ownerOf(name: string, parent?: pulumi.Resource): Promise<unknown> {
  const { sdk, registered } = program;
  const resource = new sdk.Volume(name, { size: "1GiB", pool: "main/ssd" }, parent ? { parent } : {});
  await settled(resource.urn);
  return registered.find((each) => each.name === name)?.inputs.owner;
}
function component(type: string, name: string, parent?: pulumi.Resource): pulumi.ComponentResource {
  return new pulumi.ComponentResource(type, name, {}, parent ? { parent } : {});
}

test("without a parent the owner is project, stack, kind and name", async () => {
  expect(await ownerOf("plain")).toBe("proj/dev/Volume/plain");
});

test("the chain of components stands before the kind, the outermost first", async () => {
  const inner = component("my:db:Disk", "disk", component("my:db:Cluster", "cluster"));
  expect(await ownerOf("child", inner)).toBe("proj/dev/my:db:Cluster$my:db:Disk$Volume/child");
});

test("the slash of a module does not split the owner", async () => {
  expect(await ownerOf("module", component("my:db/disk:Disk", "d"))).toBe("proj/dev/my:db:disk:Disk$Volume/module");
});

test("a resource of ours as parent is named as its kind, as the plugin will name it", async () => {
  expect(await ownerOf("nested", new program.sdk.Pool("parent-pool"))).toBe("proj/dev/Pool$Volume/nested");
});

test("a logical name keeps its slashes at the end", async () => {
  expect(await ownerOf("a/b")).toBe("proj/dev/Volume/a/b");
});
