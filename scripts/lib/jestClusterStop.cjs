// After the tests of backends: ends the clusters that they have shared.
module.exports = async () => {
  await globalThis.stopSharedClusters?.();
};
