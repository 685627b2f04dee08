// Starts the plugin with what V8 made of its text when it was packed: to compile it anew takes longer than all the rest of the start.
// V8 itself looks whether that fits the text and this Node, and compiles anew where it does not. `--keep` is how it is made.
const { existsSync, readFileSync, writeFileSync } = require("node:fs");
const { createRequire, wrap } = require("node:module");
const { dirname, join } = require("node:path");
const { Script } = require("node:vm");

const file = join(__dirname, "dist", "provider", "hosts", "plugin", "main.js");
const kept = `${file}.compiled`;

const cachedData = existsSync(kept) ? readFileSync(kept) : undefined;
// A name without a folder: what is kept names it, and another machine unpacks it elsewhere
const script = new Script(wrap(readFileSync(file, "utf8")), { filename: "plugin/main.js", cachedData });
const plugin = { exports: {} };
script.runInThisContext()(plugin.exports, createRequire(file), plugin, file, dirname(file));

if (process.argv[2] === "--keep") {
  for (const type of plugin.exports.driverTypes()) plugin.exports.loadDriver(type);
  writeFileSync(kept, script.createCachedData());
} else plugin.exports.main();
