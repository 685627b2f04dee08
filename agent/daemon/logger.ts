import type { Log } from "../../provider/drivers/driver";
import { redact } from "../../provider/model/redact";

/** Structured logs, one JSON object a line, without secrets. `level` as pino has them; default "info". */
export function createLogger(stream: NodeJS.WritableStream, level = "info"): Log {
  // Loaded by the agent alone
  const { pino } = require("pino") as typeof import("pino");
  const logger = pino({ level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }, stream);
  return {
    debug: (message) => logger.debug(redact(message)),
    info: (message) => logger.info(redact(message)),
    warn: (message) => logger.warn(redact(message)),
  };
}
