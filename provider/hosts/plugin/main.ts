import { ServerCredentials } from "@grpc/grpc-js";
import { messageOf } from "../../model/errors";
import { redact } from "../../model/redact";
import { providerServer } from "./provider";
import { Session } from "./session";

/**
 * Runs the plugin: serves the engine on a loopback port, which is the first line of standard output. `address` is the
 * engine's; without one (a debugger started us) the engine attaches itself.
 */
export function main(args: readonly string[] = process.argv.slice(2)): void {
  const session = new Session();
  const address = args.find((argument) => !argument.startsWith("-"));
  if (address !== undefined) session.log.connect(address);
  const server = providerServer(session);
  server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
    if (error) end(error);
    else process.stdout.write(`${port}\n`);
  });
  endOrderly(session);
}

/** A terminal's interrupt reaches us as well as the engine, which may still want answers: what is under way comes first. */
function endOrderly(session: Session): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      session.cancel();
      void session.idle().then(() => process.exit(0));
    });
  }
  process.on("uncaughtException", end);
  process.on("unhandledRejection", end);
}

/** A mistake of ours: the engine sees the connection end, and what is stored is made for that. */
function end(error: unknown): never {
  console.error(redact(error instanceof Error && error.stack ? error.stack : messageOf(error)));
  process.exit(1);
}
