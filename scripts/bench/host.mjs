// The dynamic provider as the engine runs it, and the calls that the engine makes.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { inRoot } from "../lib/paths.mjs";

const require = createRequire(inRoot("package.json"));
const grpc = require("@grpc/grpc-js");
const messages = require("@pulumi/pulumi/proto/provider_pb");
const { ResourceProviderClient } = require("@pulumi/pulumi/proto/provider_grpc_pb");
const { Struct } = require("google-protobuf/google/protobuf/struct_pb");

const script = inRoot("node_modules", "@pulumi", "pulumi", "cmd", "dynamic-provider", "index.js");
const kindText = (from, kind) => `exports.handler=()=>require("${from}/dynamic").${kind}`;

/** Starts the process in the folder of a program. It has printed its port when this returns. */
export async function startHost(folder, nodeOptions = []) {
  const child = spawn(process.execPath, [...nodeOptions, script, "127.0.0.1:1"], {
    cwd: folder,
    env: { ...process.env, PULUMI_NODEJS_PROJECT: "bench", PULUMI_NODEJS_STACK: "bench" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [port] = await once(child.stdout, "data");
  const client = new ResourceProviderClient(`127.0.0.1:${String(port).trim()}`, grpc.credentials.createInsecure());
  const ask = (method, request) =>
    new Promise((resolve, reject) => {
      client[method](request, (error, response) => (error ? reject(error) : resolve(response)));
    });
  return {
    pid: child.pid,
    configure(config) {
      const request = new messages.ConfigureRequest();
      request.setArgs(Struct.fromJavaScript(config));
      return ask("configure", request);
    },
    /** Returns the checked inputs; throws if they were refused. */
    async check(from, kind, inputs) {
      const request = new messages.CheckRequest();
      request.setOlds(Struct.fromJavaScript({}));
      request.setNews(Struct.fromJavaScript({ ...inputs, __provider: kindText(from, kind) }));
      const response = await ask("check", request);
      const failures = response.getFailuresList().map((failure) => failure.getReason());
      if (failures.length > 0) throw new Error(failures.join("; "));
      return response.getInputs().toJavaScript();
    },
    async create(inputs) {
      const request = new messages.CreateRequest();
      request.setProperties(Struct.fromJavaScript(inputs));
      return (await ask("create", request)).getId();
    },
    async stop(signal = "SIGKILL") {
      client.close();
      const ended = once(child, "exit");
      child.kill(signal);
      await ended;
    },
  };
}

/** What the engine passes of a stack's configuration. */
export const hostConfig = (backends) => ({
  "krstorage:backends": JSON.stringify(backends),
  "krstorage:stackId": "id-of-the-benchmark",
});
export const poolInputs = { backend: "main", reserve: "0B", name: "ssd", owner: "bench/bench/Pool/ssd" };
export const volumeInputs = (number) => {
  const name = `volume-${String(number).padStart(4, "0")}`;
  return { pool: "main/ssd", size: "1MiB", name, owner: `bench/bench/Volume/${name}` };
};
