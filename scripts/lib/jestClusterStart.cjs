// Before the tests of backends: starts the Ceph cluster that those of them share which leave it whole. A cluster takes eight seconds to
// start. Tests that run side by side would be in each other's way in it, so then there is none and each file starts its own.
module.exports = async ({ maxWorkers }) => {
  const { missingPrograms } = await import("../../test/backends/ceph/cluster.mjs");
  if (maxWorkers > 1 || missingPrograms().length > 0) return;
  const { startCeph } = require("../../dist/test/backends/support/cephCluster.js");
  const { cluster, stop } = await startCeph();
  globalThis.stopSharedCluster = stop;
  process.env.KRSTORAGE_TEST_CEPH = JSON.stringify(cluster);
};
