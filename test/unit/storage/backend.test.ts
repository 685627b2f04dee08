import type { Call, Driver } from "../../../provider/drivers/driver";
import { KrStorageError } from "../../../provider/model/errors";
import { Backend } from "../../../provider/storage/backend";
import type { BackendOptions } from "../../../provider/storage/config";
import { testClock, testEnv } from "../../../provider/testing/clock";
import { FakeDisk, fakeDriverType } from "../support/fakeDriver";
import { thrown } from "../support/thrown";

function backendWith(options: BackendOptions, disk = new FakeDisk()): Backend {
  return new Backend({ name: "main", driver: fakeDriverType(disk), driverOptions: {}, options }, testEnv(testClock()), {
    actor: { by: "test" },
  });
}

/** A call to the backend that ends only when it is told to stop. */
function untilAborted(_driver: Driver, call: Call): Promise<never> {
  return new Promise((_resolve, reject) => call.signal.addEventListener("abort", () => reject(call.signal.reason)));
}

test("a frozen backend is read and never written", async () => {
  const backend = backendWith({ readOnly: true });
  const written = jest.fn(async () => "written");
  const error = await thrown(() => backend.write(undefined, written));
  expect(error.code).toBe("PRECONDITION_FAILED");
  expect(error.message).toContain("readOnly: true");
  expect(written).not.toHaveBeenCalled();
  await expect(backend.read(undefined, async () => "read")).resolves.toBe("read");
});

test("a call that takes too long is a timeout whose outcome is unknown", async () => {
  const error = await thrown(() => backendWith({ timeout: "1s" }).read(undefined, untilAborted));
  expect(error.toJSON()).toMatchObject({ code: "TIMEOUT", retryable: true, outcome: "unknown", target: "main" });
  expect(error.message).toContain("within 1 s");
});

test.each(["30d", "60d", "999999w"])(
  "a timeout of %s is longer than timers go, and does not end the call at once",
  async (timeout) => {
    const isAborted = await backendWith({ timeout }).read(undefined, async (_driver, call) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return call.signal.aborted;
    });
    expect(isAborted).toBe(false);
  },
);

test("a call that its caller gives up is cancelled, not a failure of the backend", async () => {
  const caller = new AbortController();
  const call = thrown(() => backendWith({}).read(caller.signal, untilAborted));
  caller.abort();
  expect((await call).code).toBe("CANCELLED");
});

test("an error of ours passes through", async () => {
  const given = new KrStorageError("IN_USE", "is in use");
  expect(await thrown(() => backendWith({}).read(undefined, async () => Promise.reject(given)))).toBe(given);
});

test.each([new Error("ENXIO"), "text", undefined])(
  "%p thrown by a driver becomes INTERNAL, its outcome unknown",
  async (foreign) => {
    const error = await thrown(() => backendWith({}).write(undefined, async () => Promise.reject(foreign)));
    expect(error.toJSON()).toMatchObject({ code: "INTERNAL", outcome: "unknown", target: "main" });
    expect(error.message).toContain(foreign instanceof Error ? "ENXIO" : String(foreign));
  },
);

test("no more calls run at once than allowed, and all of them do run", async () => {
  const backend = backendWith({ concurrency: 3 });
  let running = 0;
  let most = 0;
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      backend.read(undefined, async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return index;
      }),
    ),
  );
  expect(most).toBe(3);
  expect(results).toEqual(Array.from({ length: 20 }, (_, index) => index));
});

test("a call that fails hands its place on", async () => {
  const backend = backendWith({ concurrency: 1 });
  const failing = thrown(() => backend.read(undefined, async () => Promise.reject(new Error("x"))));
  await expect(backend.read(undefined, async () => "next")).resolves.toBe("next");
  expect((await failing).code).toBe("INTERNAL");
});

test("nothing is opened before it is needed, and what was opened is closed once", async () => {
  const disk = new FakeDisk();
  const unused = backendWith({}, disk);
  await unused.close();
  expect(disk.closed).toBe(0);
  const used = backendWith({}, disk);
  await used.read(undefined, async () => undefined);
  await used.close();
  await used.close();
  expect(disk.closed).toBe(1);
});
