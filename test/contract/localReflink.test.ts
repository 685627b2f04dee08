import { describeDriverContract } from "../../provider/testing";
import { LoopDisk } from "../support/loopDisk";
import { describeWith } from "../support/requires";
import { localHarness } from "./harnesses/local";

// What a pool can do depends on its file system: these share blocks between files
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
