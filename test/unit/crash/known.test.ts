import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contentOf, describeDisk, fillDisk } from "../../crash/support/content";
import { Known, type Seen } from "../../crash/support/known";
import type { Step } from "../../crash/support/steps";

// The judge of the power cut tests is judged here, where its verdicts do not need luck

const volume = { pool: "p", name: "v" };
const create: Step = { do: "create", ...volume, size: "64KiB" };
const first: Step = { do: "fill", ...volume, seed: 1 };
const second: Step = { do: "fill", ...volume, seed: 2, parts: 4 };

function knownAfter(...steps: Step[]): Known {
  const known = new Known();
  for (const step of [{ do: "createPool", pool: "p" } as const, ...steps]) {
    known.begin(step);
    known.done(step);
  }
  return known;
}

const seen = (...texts: string[]): Seen => ({
  objects: texts.map((text) => ({ name: "v", uid: "u", phase: "live", text: `volume live ready 65536: ${text}` })),
  problems: [],
});

/** A disk whose first bytes are of one seed and whose others are of another, in words. */
function disk(...parts: [bytes: number, seed: number][]): string {
  const folder = mkdtempSync(join(tmpdir(), "krs-known-"));
  try {
    let at = 0;
    const bytes = parts.map(([length, seed]) => {
      const part = seed === 0 ? Buffer.alloc(length) : contentOf(seed).subarray(at, at + length);
      at += length;
      return part;
    });
    writeFileSync(join(folder, "disk"), Buffer.concat(bytes));
    return describeDisk(join(folder, "disk"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("what may be there after a power cut", () => {
  test("what was answered, and nothing else", () => {
    const known = knownAfter(create, first);
    expect(known.compare(seen(disk([65_536, 1])))).toEqual([]);
    expect(known.compare(seen(disk([65_536, 0])))).toHaveLength(1);
    expect(known.compare(seen(disk([32_768, 1], [32_768, 0])))).toHaveLength(1);
    expect(known.compare(seen())).toHaveLength(1);
  });

  test("a step of the driver that was not answered has happened or not", () => {
    const known = knownAfter(create, first);
    known.begin({ do: "delete", ...volume });
    const text = disk([65_536, 1]);
    expect(known.compare(seen(text))).toEqual([]);
    expect(
      known.compare({
        ...seen(),
        objects: [{ name: "v", uid: "u", phase: "trashed", text: `volume trashed ready 65536: ${text}` }],
      }),
    ).toEqual([]);
    expect(known.compare(seen())).toHaveLength(1);
  });

  test("an overwriting that was not answered leaves old and new sectors, the new ones in order", () => {
    const known = knownAfter(create, first);
    known.begin(second);
    for (const possible of [
      disk([65_536, 1]),
      disk([65_536, 2]),
      disk([16_384, 2], [49_152, 1]),
      disk([16_384, 2], [512, 1], [512, 2], [48_128, 1]),
    ])
      expect(known.compare(seen(possible))).toEqual([]);
    for (const impossible of [
      disk([16_384, 2], [49_152, 0]),
      disk([16_384, 1], [16_384, 2], [32_768, 1]),
      disk([16_384, 2], [49_152, 3]),
      disk([16_384, 2], [100, 1], [412, 2], [48_640, 1]),
      `${disk([65_536, 2])} used by vm`,
    ])
      expect(known.compare(seen(impossible))).toHaveLength(1);
  });

  test("how a disk was torn is known once it has been seen: it stays so, whatever happens to others", () => {
    const known = knownAfter(create, first);
    known.begin(second);
    const torn = disk([16_384, 2], [49_152, 1]);
    expect(known.torn(seen(torn))).toEqual(["v"]);
    const later = known.settled(seen(torn), "cut 1");
    expect(later.compare(seen(torn))).toEqual([]);
    const last = later.settled(seen(torn), "cut 2");
    expect(last.compare(seen(torn))).toEqual([]);
    for (const other of [disk([65_536, 1]), disk([65_536, 2]), disk([32_768, 2], [32_768, 1])])
      expect(last.compare(seen(other))).toHaveLength(1);
    expect(last.compare(seen(disk([65_536, 1]))).join()).toContain("begun fill v 2 4, seen after cut 1: v is");
  });

  test("a disk is filled in parts that make the same content", () => {
    const folder = mkdtempSync(join(tmpdir(), "krs-known-"));
    const path = join(folder, "disk");
    writeFileSync(path, Buffer.alloc(131_072));
    fillDisk(path, 7, 8);
    expect(describeDisk(path)).toBe("131072 bytes seed 7");
    rmSync(folder, { recursive: true });
  });
});
