import { describeDriverContract } from "../../provider/testing";
import { localHarness } from "../contract/harnesses/local";
import { LoopDisk } from "../support/loopDisk";
import { describeWith } from "../support/requires";

// What a pool can do depends on its file system: these share blocks between files. Not among the quick tests, since they are mounted for it
for (const fileSystem of ["btrfs", "xfs"] as const) {
  describeWith({ needs: [fileSystem] }, `on ${fileSystem}`, () => {
    let disk: LoopDisk;
    beforeAll(() => {
      disk = new LoopDisk(fileSystem);
    }, 60_000);
    afterAll(() => disk.end());
    describeDriverContract(
      `local on ${fileSystem}`,
      localHarness({ folder: () => disk.path, reflinks: true, manyObjects: 60 }),
    );
  });
}
