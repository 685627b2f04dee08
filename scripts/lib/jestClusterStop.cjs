// After the tests of backends: ends the cluster that they have shared.
module.exports = async () => {
  await globalThis.stopSharedCluster?.();
};
