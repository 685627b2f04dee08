import { readFileSync } from "node:fs";
import { describeWith } from "../support/requires";
import { Example } from "./support/example";
import { expectSentence } from "./support/scene";
import { expectFailure, expectSuccess } from "./support/testStack";

/** Examples are used as their READMEs say: the blocks are run by a shell as they stand. */
describeWith({ needs: ["engine"] }, "examples", () => {
  const examples: Example[] = [];
  afterAll(() => {
    for (const example of examples) example.remove();
  });
  const copyOf = (name: string): Example => {
    const example = new Example(name);
    examples.push(example);
    return example;
  };
  const bytesOf = (outputs: Record<string, unknown>, length: number): string =>
    readFileSync((outputs.disk as { path: string }).path)
      .subarray(0, length)
      .toString();

  test("environments: one program makes the same objects in two places that differ in configuration alone", async () => {
    const example = copyOf("environments");
    const [begin = "", end = ""] = example.blocks("sh");
    const { output } = expectSuccess(await example.shell(begin));
    expect(output.match(/^main\/databases\/orders$/gm)).toHaveLength(2);
    const [laptop, server] = [await example.outputs("laptop"), await example.outputs("server")];
    expect(laptop.disk).toMatchObject({ path: expect.stringContaining("/.local/laptop/databases/") });
    expect(server.disk).toMatchObject({ path: expect.stringContaining("/.local/server/databases/") });
    // What differs is what the table says: limits of the class, and protection
    expect(laptop.disk).toMatchObject({ ioTune: { total_iops_sec: 1000 } });
    expect(server.disk).toMatchObject({ ioTune: { total_iops_sec: 5000 } });
    expectSuccess(await example.pulumi("preview", "--stack", "laptop", "--expect-no-changes"));
    expectSentence(expectFailure(await example.pulumi("destroy", "--yes", "--stack", "server")), /deletionProtection/);
    expectSuccess(await example.shell(end));
  }, 300_000);

  test("AC-13 AC-16 adopt: what exists is taken over, dropped and taken over again; a lost state is made again from what is there", async () => {
    const example = copyOf("adopt");
    const [begin = "", again = "", drill = ""] = example.blocks("sh");
    const isAdoption = (line: string) => line.includes("uids.js");
    const lines = begin.trim().split("\n");
    // Without the permission the plan is refused, and the message has the uid
    expectSuccess(await example.shell(lines.slice(0, lines.findIndex(isAdoption)).join("\n")));
    const refused = expectFailure(await example.pulumi("preview"));
    expectSentence(refused, /belongs to another-program\/Pool\/ssd.*set adopt: "[0-9a-f]{32}"/);
    expectSuccess(await example.shell(lines.slice(lines.findIndex(isAdoption)).join("\n")));
    const first = await example.outputs();
    expect(bytesOf(first, 14)).toBe("precious bytes");

    expectSuccess(await example.shell(again));
    expect(await example.outputs()).toMatchObject({ uid: first.uid, disk: first.disk });

    const before = await uidsOf(example);
    expect(Object.keys(before).sort()).toEqual(["before", "data", "home", "nightly", "ssd"]);
    expectSuccess(await example.shell(drill));
    expect(await uidsOf(example)).toEqual(before);
    expectSuccess(await example.pulumi("refresh", "--yes", "--expect-no-changes"));
    const rebuilt = await example.outputs();
    expect(rebuilt).toMatchObject({ uid: first.uid, disk: first.disk, folder: first.folder });
    expect(bytesOf(rebuilt, 14)).toBe("precious bytes");
  }, 300_000);

  test("library: storage and retention without Pulumi, twice", async () => {
    const example = copyOf("library");
    const [start = ""] = example.blocks("sh");
    for (const round of [1, 2]) {
      const { output } = expectSuccess(await example.shell(start));
      expect(output).toContain('main/ssd/notes reads "first" again');
      expect(output.match(/^main\/ssd\/notes@run-\d+ snapshot ready$/gm)).toHaveLength(round);
      expect(output).toMatch(/^PRECONDITION_FAILED: .*never shrunk/m);
      expect(output).toMatch(/^would remove day-1: /m);
      expect(output).toMatch(/^in two years \d\d restore points$/m);
    }
  }, 120_000);
});

/** The uids in a stack's state by logical name; a class has none. */
async function uidsOf(example: Example): Promise<Record<string, unknown>> {
  const resources = await example.resources();
  return Object.fromEntries(resources.map(({ urn, outputs }) => [urn.split("::").at(-1), outputs.uid]));
}
