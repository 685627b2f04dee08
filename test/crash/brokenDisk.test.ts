import { describeWith } from "../support/requires";
import { Lane } from "./support/lane";
import type { OperationName } from "./support/scenarios";
import type { ChangingCall } from "./support/strace";

/** Operations on objects. */
const operations: OperationName[] = [
  "create",
  "grow",
  "snapshot",
  "clone",
  "update",
  "trash",
  "undelete",
  "purge",
  "rollback",
];

/** How calls fail on a disk that breaks, or is full. Failing writes to files would fail writes to pipes as well. */
const failures: Partial<Record<ChangingCall, string>> = {
  pwrite64: "ENOSPC",
  fsync: "EIO",
  fdatasync: "EIO",
  ftruncate: "ENOSPC",
  rename: "EIO",
  mkdir: "ENOSPC",
};

describeWith({ needs: ["linux", "attach"] }, "a disk that fails from some call on", () => {
  test.each(operations)(
    "AC-53 %s: a typed error that tells the truth, nothing lost, and all is well when it works again",
    async (operation) => {
      const lanes = await Promise.all([Lane.open(operation), Lane.open(operation)]);
      let isSuccess = false;
      try {
        const queue = (await lanes[0].places()).filter(({ call }) => call in failures);
        let refused = 0;
        const rounds = queue.length;
        await Promise.all(
          lanes.map(async (lane) => {
            for (let place = queue.shift(); place; place = queue.shift()) {
              const { call, nth, thread } = place;
              const error = await lane.failing(place, failures[call] as string).catch((cause) => {
                throw new Error(`${failures[call]} from ${call} number ${nth} of the ${thread} thread on`, { cause });
              });
              if (error) refused += 1;
            }
          }),
        );
        if (process.env.KRSTORAGE_TEST_TELL) console.info(`${operation}: ${rounds} rounds, ${refused} refused`);
        expect(refused).toBeGreaterThan(0);
        isSuccess = true;
      } finally {
        await Promise.all(lanes.map((lane) => lane.close(isSuccess)));
      }
    },
    300_000,
  );
});
