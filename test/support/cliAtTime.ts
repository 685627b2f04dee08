/** The command line as it is, but for the time, which stands in a file. Started by `TimedCli`. */
import { run } from "../../agent/cli/run";
import { ClockFile, timingOf } from "./clockFile";

const [clockPath = "", ...argv] = process.argv.slice(2);
const timing = timingOf(new ClockFile(clockPath), (untilMs) => process.send?.(untilMs));
const { env, stdin, stdout, stderr } = process;

void run({ argv, env, stdin, stdout, stderr, timing }).then((exitCode) => {
  process.exitCode = exitCode;
  if (process.connected) process.disconnect();
});
