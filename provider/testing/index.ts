/**
 * The contract that every driver keeps, as tests. A driver is not done before they pass against its real backend:
 *
 * ```ts
 * import { describeDriverContract, type Harness, testClock, testEnv } from "krstorage/testing";
 * import { acmeDriver } from "../src/acme";
 *
 * function acmeHarness(): Harness {
 *   const clock = testClock();
 *   let box: AcmeBox; // a real one, made for the test
 *   const reopen = async () => acmeDriver.open({ name: "test", options: { endpoint: box.endpoint } }, testEnv(clock));
 *   return {
 *     driverType: "acme",
 *     capabilities: { copyOnWrite: true, onlineSnapshot: "crash", trash: true },
 *     clock: { jump: (ms) => clock.jump(ms), advance: (ms) => sleep(ms) }, // its time cannot be moved, so wait
 *     open: async () => ((box = await AcmeBox.start()), reopen()),
 *     reopen,
 *     cleanup: () => box.stop(),
 *     writeBytes: (volume, offset, bytes) => box.attach(volume.connection).write(offset, bytes),
 *     readBytes: (volume, offset, length) => box.attach(volume.connection).read(offset, length),
 *     use: async (volume) => box.attach(volume.connection).hold(),
 *   };
 * }
 * describeDriverContract("acme", acmeHarness());
 * ```
 *
 * Every hook of a `Harness` that is given runs more cases; those it lacks are reported as skipped, with the reason. What the
 * backend cannot do goes into `unsupported` or `capabilities`, and is then proven to be refused.
 *
 * @packageDocumentation
 */
export type { CapacityFacts } from "../drivers/capacity";
export type * from "../drivers/driver";
export type { ObjectRecord, ObjectSettings, PolicyRecord, PoolRecord, PoolSettings, Taken } from "../drivers/record";
export { type ClockControl, testClock, testEnv } from "./clock";
export { contractCases } from "./contract";
export type { ContractCase } from "./contractCase";
export { describeDriverContract } from "./describe";
export type { Feature, Harness, Hook, Release } from "./harness";
