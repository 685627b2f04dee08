import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import type { Log } from "../../drivers/driver";
import { redact } from "../../model/redact";

/** Sends messages to the engine, which shows them at the resource they are about. Without an engine they go to stderr. */
export class EngineLog {
  private client: Client | undefined;
  private readonly underWay = new Set<Promise<void>>();

  /** `address` is that of the engine, `host:port`. */
  connect(address: string): void {
    this.client?.close();
    this.client = new Client(address, credentials.createInsecure());
  }

  /** A log about one resource, or about the provider as a whole. */
  about(urn = ""): Log {
    return {
      debug: (message) => {
        if (process.env.KRSTORAGE_LOG === "debug") this.send(LogSeverity.INFO, `krstorage: ${message}`, urn);
      },
      info: (message) => this.send(LogSeverity.INFO, message, urn),
      warn: (message) => this.send(LogSeverity.WARNING, message, urn),
    };
  }

  /** Shows for the moment what is happening with a resource: the next message takes its place, and nothing of it is kept. */
  status(message: string, urn: string): void {
    if (this.client) this.send(LogSeverity.INFO, message, urn, true);
  }

  /** Waits until everything said so far has reached the engine: it drops what comes after the answer to its last call. */
  async flush(): Promise<void> {
    await Promise.all(this.underWay);
  }

  close(): void {
    this.client?.close();
    this.client = undefined;
  }

  private send(severity: LogSeverity, message: string, urn: string, isStatus = false): void {
    const text = redact(message);
    const client = this.client;
    if (!client) {
      console.error(text);
      return;
    }
    const request = new LogRequest();
    request.setSeverity(severity);
    request.setMessage(text);
    request.setUrn(urn);
    request.setEphemeral(isStatus);
    const sent = new Promise<void>((resolve) => {
      // Not Pulumi's own client: where two copies of the gRPC library are installed, that one is made by the other
      const { path, requestSerialize, responseDeserialize } = EngineService.log;
      const options = { deadline: Date.now() + logTimeoutMs };
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        new Metadata(),
        options,
        (error) => {
          if (error && !isStatus) console.error(text); // the engine has gone; what it would have shown must not be lost
          resolve();
        },
      );
    });
    this.underWay.add(sent);
    void sent.finally(() => this.underWay.delete(sent));
  }
}

/** An engine that does not take a message for so long has gone. */
const logTimeoutMs = 10_000;
