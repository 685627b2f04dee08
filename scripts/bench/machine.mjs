// What it was measured on: nothing that names a host, a user or a path.
import { cpus, loadavg, release, totalmem, type } from "node:os";
import { filesystemOf } from "../lib/filesystem.mjs";

export function describeMachine(folder, engineVersion) {
  const processors = cpus();
  return {
    cores: processors.length,
    processor: processors[0]?.model.trim() || process.arch,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${type()} ${release()}`,
    node: process.versions.node,
    ...(engineVersion === undefined ? {} : { pulumi: engineVersion }),
    /** What ran before we did: others on the machine make every time longer. */
    load: loadavg()[0],
    fileSystem: process.platform === "linux" ? filesystemOf(folder) : "unknown",
  };
}

export function machineLine(machine) {
  const { cores, processor, memory, system, node, pulumi, fileSystem, load } = machine;
  const engine = pulumi === undefined ? "" : `, Pulumi ${pulumi}`;
  return `${cores} cores (${processor}), ${memory}, ${system}, Node ${node}${engine}; ${fileSystem}; load at the start ${load.toFixed(1)}`;
}
