import { readFileSync, writeFileSync } from "node:fs";
import { describeWith } from "../support/requires";
import { Example } from "./support/example";
import { expectSentence } from "./support/scene";
import { expectFailure, expectSuccess, type StateResource } from "./support/testStack";

describeWith({ needs: ["engine"] }, "example desktops", () => {
  const example = new Example("desktops");
  afterAll(() => example.remove());
  const byName = async (): Promise<Map<string, StateResource>> =>
    new Map((await example.resources()).map((resource) => [resource.urn.split("::").at(-1) as string, resource]));
  const pathOf = (resources: Map<string, StateResource>, name: string): string => {
    const { connection } = (resources.get(name) as StateResource).outputs;
    return (connection as { path: string }).path;
  };

  test("more desktops are new disks with the base disk's bytes; the others keep their uid and their bytes", async () => {
    const [begin = ""] = example.blocks("sh");
    const grow = begin.indexOf("pulumi config set desktops");
    expectSuccess(await example.shell(begin.slice(0, grow)));
    const before = await byName();
    writeFileSync(pathOf(before, "office-profile-1"), "what a user has", { flag: "r+" });
    const { output } = expectSuccess(await example.shell(begin.slice(grow)));
    expectSentence({ code: 0, output }, /\+ 2 created ~ 1 updated 3 changes. 9 unchanged/);
    expect(output).toMatch(/^mount -o bind -- '\/.*\/tree' '\/mnt\/office-users'$/m);
    const after = await byName();
    for (const [name, { outputs }] of before) expect([name, after.get(name)?.outputs.uid]).toEqual([name, outputs.uid]);
    expect(readFileSync(pathOf(after, "office-profile-1")).subarray(0, 15).toString()).toBe("what a user has");
    // Disks are as the base disk was when its snapshot was taken, whichever run made them
    const [made, base] = ["office-profile-4", "office-base"].map((name) => readFileSync(pathOf(after, name)));
    expect(made?.equals(base as Buffer)).toBe(true);
    const policy = after.get("office-nightly");
    expect(policy?.inputs.targets).toEqual(
      expect.arrayContaining([1, 2, 3, 4].map((n) => `main/ssd/office-profile-${n}`)),
    );
    expectSuccess(await example.pulumi("preview", "--expect-no-changes"));
    expectSuccess(await example.pulumi("refresh", "--yes", "--expect-no-changes"));
  }, 300_000);

  test("fewer desktops give the last disks to the trash, and no other", async () => {
    expectSuccess(await example.pulumi("config", "set", "desktops", "3"));
    expectSentence(expectSuccess(await example.pulumi("up", "--yes")), /~ 1 updated - 1 deleted/);
    expect((await byName()).has("office-profile-4")).toBe(false);
    expect((await byName()).has("office-profile-3")).toBe(true);
  }, 120_000);

  test("what is protected stays until that is taken off in an update of its own; then everything ends, the class with its pool", async () => {
    expectSentence(expectFailure(await example.pulumi("destroy", "--yes")), /office-(base|users).*protect/);
    expect([...(await byName()).keys()]).toEqual(expect.arrayContaining(["office-base", "office-users"]));
    const [, end = ""] = example.blocks("sh");
    expectSuccess(await example.shell(end));
    expect(await example.resources()).toEqual([]);
  }, 180_000);
});
