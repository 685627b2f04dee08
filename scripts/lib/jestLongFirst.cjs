// The order in which files run. Where two run side by side, one that takes minutes must not be begun last, with nothing left beside it;
// what Jest goes by in a fresh clone, the size of a file, says nothing of those that only name a table of tests.
const { default: Sequencer } = require("@jest/test-sequencer");

/** Those of backends that take the longest. */
const long = [
  "contract",
  "spine",
  "spine.plugin",
  "identity",
  "identityShares",
  "identity.plugin",
  "identityShares.plugin",
  "faultsUp.plugin",
].map((name) => `/backends/ceph/${name}.test.js`);

class LongFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => {
      const at = long.findIndex((each) => path.endsWith(each));
      return at < 0 ? long.length : at;
    };
    return super.sort(tests).sort((a, b) => rank(a) - rank(b));
  }
}

module.exports = LongFirst;
