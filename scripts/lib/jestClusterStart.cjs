// Before the tests of backends: starts the Ceph clusters that those of them share which leave one whole, one for each of Jest's workers, since
// tests that run side by side would be in each other's way. A cluster takes eight seconds to start.
module.exports = async ({ maxWorkers }) => {
  const { missingPrograms } = await import("../../test/backends/ceph/cluster.mjs");
  if (missingPrograms().length > 0) return;
  const { startCeph } = require("../../dist/test/backends/support/cephCluster.js");
  const starts = await Promise.allSettled(Array.from({ length: maxWorkers }, () => startCeph()));
  const started = starts.flatMap(({ value }) => value ?? []);
  globalThis.stopSharedClusters = () => Promise.all(started.map(({ stop }) => stop()));
  const failed = starts.find(({ status }) => status === "rejected");
  if (failed) {
    await globalThis.stopSharedClusters();
    throw failed.reason;
  }
  process.env.KRSTORAGE_TEST_CEPH = JSON.stringify(started.map(({ cluster }) => cluster));
};
