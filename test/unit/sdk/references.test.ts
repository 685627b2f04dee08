import { dependenciesOf, settled, startProgram } from "../support/program";

type Program = Awaited<ReturnType<typeof startProgram>>;

function declare({ sdk }: Program) {
  const pool = new sdk.Pool("SSD pool", { backend: "main" });
  const volume = new sdk.Volume("data", { size: "1GiB", pool });
  const snapshot = new sdk.Snapshot("before", { source: volume, name: "b1" });
  const clone = new sdk.Volume("copy", { size: "1GiB", pool, source: { snapshot } });
  const copy = new sdk.Volume("copy2", { size: "1GiB", pool, source: { volume } });
  return { pool, volume, snapshot, clone, copy };
}

async function inputsOf(program: Program, name: string): Promise<Record<string, unknown>> {
  const found = program.registered.find((each) => each.name === name);
  if (!found) throw new Error(`${name} was not registered`);
  return found.inputs;
}

describe("in a preview of what is to be made", () => {
  let program: Program;
  let declared: ReturnType<typeof declare>;
  beforeAll(async () => {
    program = await startProgram("preview");
    declared = declare(program);
    await Promise.all(Object.values(declared).map((resource) => settled(resource.urn)));
  });

  test("the engine's own ids are not known yet, so that the rest proves something", async () => {
    expect(await settled(declared.pool.id)).toBeUndefined();
  });

  test("the ids that others use are known", async () => {
    expect(await settled(declared.pool.poolId)).toBe("main/ssd-pool");
    expect(await settled(declared.volume.volumeId)).toBe("main/ssd-pool/data");
    expect(await settled(declared.snapshot.snapshotId)).toBe("main/ssd-pool/data@b1");
  });

  test("they reach what is placed in them and made from them", async () => {
    expect(await inputsOf(program, "data")).toMatchObject({ pool: "main/ssd-pool" });
    expect(await inputsOf(program, "before")).toMatchObject({ source: "main/ssd-pool/data" });
    expect(await inputsOf(program, "copy")).toMatchObject({ source: { snapshot: "main/ssd-pool/data@b1" } });
    expect(await inputsOf(program, "copy2")).toMatchObject({ source: { volume: "main/ssd-pool/data" } });
  });

  test("they carry the dependency on what they name, and on what that is made in", async () => {
    expect(await dependenciesOf(declared.pool.poolId)).toEqual(["SSD pool"]);
    expect(await dependenciesOf(declared.volume.volumeId)).toEqual(expect.arrayContaining(["data"]));
    expect(await dependenciesOf(declared.snapshot.snapshotId)).toEqual(expect.arrayContaining(["before"]));
  });

  test("the default backend is local", async () => {
    expect(await settled(new program.sdk.Pool("plain").poolId)).toBe("local/plain");
  });
});

describe("of what exists", () => {
  let program: Program;
  beforeAll(async () => {
    program = await startProgram("update");
  });

  test("the real id counts, which keeps the name that it was made with", async () => {
    const { pool, volume } = declare(program);
    expect(await settled(pool.poolId)).toBe("id-of-SSD pool");
    expect(await settled(volume.volumeId)).toBe("id-of-data");
    expect(await inputsOf(program, "data")).toMatchObject({ pool: "id-of-SSD pool" });
  });

  test("an id that is text is passed on as it is", async () => {
    await settled(new program.sdk.Snapshot("literal", { source: "main/ssd/data" }).urn);
    expect(await inputsOf(program, "literal")).toMatchObject({ source: "main/ssd/data" });
  });
});
