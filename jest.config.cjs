// Jest runs what `tsc` compiled into dist/: no transform, so a stack trace shows what really ran.
// Unit tests may run side by side, and so may engine tests: each stack has a folder and an engine of its own. So may backends: each worker has
// a cluster. Crash tests count system calls and kill: one file at a time. scripts/test.mjs runs the groups one after the other.
const project = (displayName, ...folders) => ({
  displayName,
  rootDir: __dirname,
  testEnvironment: "node",
  testMatch: folders.map((folder) => `<rootDir>/dist/test/${folder}/**/*.test.js`),
  transform: {},
  // What a module keeps on the global object is gone with the file anyway; the half-way clean-up only warns
  testEnvironmentOptions: { globalsCleanup: "off" },
  // Only dist is crawled. Test folders that hold a second copy of a package must not upset Jest's module map.
  roots: ["<rootDir>/dist"],
  modulePathIgnorePatterns: ["<rootDir>/dist/.*/package\\.json$"],
});

module.exports = {
  testTimeout: 10_000,
  reporters: ["<rootDir>/scripts/lib/jestReporter.cjs"],
  testSequencer: "<rootDir>/scripts/lib/jestLongFirst.cjs",
  projects: [
    project("unit", "unit", "contract"),
    project("engine", "engine"),
    project("crash", "crash"),
    {
      ...project("backends", "backends"),
      globalSetup: "<rootDir>/scripts/lib/jestClusterStart.cjs",
      globalTeardown: "<rootDir>/scripts/lib/jestClusterStop.cjs",
    },
  ],
};
