import { join } from "node:path";
import { describeWith } from "../support/requires";
import { cutPower } from "./support/powerCuts";

describeWith({ needs: ["uml"] }, "power cuts", () => {
  test("AC-33 at 50 moments: what was answered is there, what was not is whole or absent", async () => {
    const verdicts = await Promise.all([
      cutPower({ fileSystem: "ext4", cuts: 25, seed: 20261121 }),
      cutPower({ fileSystem: "xfs", cuts: 25, seed: 20261122 }),
    ]);
    if (process.env.KRSTORAGE_TEST_TELL) console.info(JSON.stringify(verdicts));
    for (const { problems, cuts } of verdicts) {
      expect(problems).toEqual([]);
      expect(cuts).toBeGreaterThan(25);
    }
  }, 1_200_000);

  test.each(["lazyFiles", "lazyDatabase"])(
    "a program that does not sync is found out (%s)",
    async (lazy) => {
      const preload = join(__dirname, "support", `${lazy}.js`);
      const verdicts = await Promise.all([
        cutPower({ fileSystem: "ext4", cuts: 12, seed: 1, preload }),
        cutPower({ fileSystem: "xfs", cuts: 12, seed: 2, preload }),
      ]);
      if (process.env.KRSTORAGE_TEST_TELL) console.info(JSON.stringify(verdicts));
      expect(verdicts.flatMap(({ problems }) => problems)).not.toEqual([]);
    },
    600_000,
  );
});
