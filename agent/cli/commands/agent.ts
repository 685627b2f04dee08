import { messageOf } from "../../../provider/model/errors";
import { Storage } from "../../../provider/storage";
import { resolveConfig } from "../../../provider/storage/configSources";
import { readAgentConfig } from "../../config/agentConfig";
import { Agent } from "../../daemon/agent";
import { createLogger } from "../../daemon/logger";
import { agentPort } from "../../run/agentPort";
import type { Arguments, Command } from "../command";
import { agentConfigFile, agentConfigOption } from "../policyRuns";
import type { Session } from "../session";

export const agent: Command = {
  options: [
    agentConfigOption,
    { flags: "--listen <address>", description: "where metrics and health are served (default: 127.0.0.1:9810)" },
  ],
  details:
    "Runs until SIGTERM or SIGINT, which end the step under way within ten seconds; SIGHUP reads the configuration again. Any\n" +
    "number of agents may run on the same backends. Serves /metrics, /healthz and /readyz. See docs/agent.md.",
  examples: [
    ["agent --config /etc/krstorage.yaml", "in a service; units and manifests are in docs/agent.md"],
    ["agent --agent-config /etc/krstorage-agent.yaml", "with hooks"],
  ],
  async run(session, args) {
    const log = createLogger(process.stderr, session.env.KRSTORAGE_LOG ?? "info");
    let configuration = readConfiguration(session, args);
    let wake: () => void = () => undefined;
    let isReloading = false;
    const reload = () => {
      isReloading = true;
      wake();
    };
    process.on("SIGHUP", reload);
    session.signal.addEventListener("abort", () => wake(), { once: true });
    try {
      while (!session.signal.aborted) {
        const stop = await start(configuration, session, log);
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (session.signal.aborted || isReloading) resolve();
        });
        isReloading = false;
        await stop();
        configuration = readAgain(configuration, session, args, log);
      }
    } finally {
      process.off("SIGHUP", reload);
    }
    return { json: { stopped: true }, text: [] };
  },
};

type Configuration = ReturnType<typeof readConfiguration>;
type Logger = ReturnType<typeof createLogger>;

function readConfiguration(session: Session, args: Arguments) {
  const read = readAgentConfig(agentConfigFile(session, args));
  const listen = args.text("listen");
  const config = listen === undefined ? read : { ...read, listen };
  return { config, backends: resolveConfig({ env: session.env }) };
}

/** The configuration as it is now, or the one before where that cannot be read. */
function readAgain(before: Configuration, session: Session, args: Arguments, log: Logger): Configuration {
  if (session.signal.aborted) return before;
  try {
    return readConfiguration(session, args);
  } catch (error) {
    log.warn(`the configuration cannot be used, the old one stays: ${messageOf(error)}`);
    return before;
  }
}

/** Starts an agent. Returns what stops it. */
async function start({ config, backends }: Configuration, session: Session, log: Logger): Promise<() => Promise<void>> {
  const storage = new Storage(backends, { log, clock: session.timing });
  const ports = storage.backendNames().map((name) => agentPort(storage.backend(name)));
  const running = new Agent({ ports, config, timing: session.timing, log, env: session.env });
  const server = await running.serve();
  await running.start();
  log.info(`running ${storage.backendNames().join(", ")}; metrics at http://${server.address}/metrics`);
  return async () => {
    await server.close();
    await running.stop();
    await storage.close();
    log.info("stopped");
  };
}
