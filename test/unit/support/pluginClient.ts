import { credentials, Server, ServerCredentials, type ServiceError } from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb";
import { InputPropertiesError } from "@pulumi/pulumi/proto/errors_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { registerDriver } from "../../../provider/drivers/registry";
import { providerServer } from "../../../provider/hosts/plugin/provider";
import { Session } from "../../../provider/hosts/plugin/session";
import { encode } from "../../../provider/hosts/plugin/wire";
import type { Properties } from "../../../provider/lifecycle/lifecycle";
import { FakeDisk, fakeDriverType } from "./fakeDriver";

export const password = "hunter2-hunter2";
let disks = 0;

/** The plugin's service behind a real gRPC connection, over a fake disk, with an engine that keeps what is logged. */
export class PluginClient {
  readonly disk = new FakeDisk();
  readonly logged: LogRequest.AsObject[] = [];
  readonly session = new Session();
  readonly backends: Record<string, Record<string, unknown>>;
  client!: ResourceProviderClient;
  private readonly servers: Server[] = [];

  constructor() {
    disks += 1;
    registerDriver(fakeDriverType(this.disk, `fake${disks}`));
    this.backends = { main: { type: `fake${disks}`, password } };
  }

  /** Starts both servers and shakes hands; configures unless told not to. */
  async start({ configure = true } = {}): Promise<this> {
    const engine = new Server();
    engine.addService(EngineService, {
      log: (call: { request: LogRequest }, callback: (error: null, empty: Empty) => void) => {
        this.logged.push(call.request.toObject());
        callback(null, new Empty());
      },
    });
    const provider = providerServer(this.session);
    this.servers.push(engine, provider);
    this.client = new ResourceProviderClient(`127.0.0.1:${await bind(provider)}`, credentials.createInsecure(), {
      "grpc.max_receive_message_length": -1,
    });
    const handshake = new proto.ProviderHandshakeRequest().setEngineAddress(`127.0.0.1:${await bind(engine)}`);
    await this.call("handshake", handshake);
    if (configure) await this.configure({ backends: this.backends, stackId: "stack-1" });
    return this;
  }
  stop(): void {
    this.client.close();
    this.session.log.close();
    for (const server of this.servers) server.forceShutdown();
  }

  configure(args: Properties): Promise<proto.ConfigureResponse> {
    return this.call("configure", new proto.ConfigureRequest().setArgs(encode(args)));
  }
  check(kind: string, name: string, news: Properties | Struct, olds: Properties = {}): Promise<proto.CheckResponse> {
    const request = new proto.CheckRequest().setUrn(urn(kind, name)).setOlds(encode(olds)).setNews(struct(news));
    return this.call("check", request);
  }
  async create(
    kind: string,
    name: string,
    inputs: Properties | Struct,
    preview = false,
  ): Promise<proto.CreateResponse> {
    const request = new proto.CreateRequest().setUrn(urn(kind, name)).setProperties(struct(inputs)).setPreview(preview);
    return this.call("create", request);
  }
  diff(kind: string, name: string, id: string, olds: Properties, news: Properties, oldInputs: Properties = {}) {
    const request = new proto.DiffRequest().setUrn(urn(kind, name)).setId(id);
    request.setOlds(encode(olds)).setNews(encode(news)).setOldInputs(encode(oldInputs));
    return this.call<proto.DiffRequest, proto.DiffResponse>("diff", request);
  }
  read(kind: string, name: string, id: string, state: Properties | Struct = {}, inputs: Properties | Struct = {}) {
    const request = new proto.ReadRequest().setUrn(urn(kind, name)).setId(id);
    request.setProperties(struct(state)).setInputs(struct(inputs));
    return this.call<proto.ReadRequest, proto.ReadResponse>("read", request);
  }
  update(kind: string, name: string, id: string, olds: Properties, news: Properties, preview = false) {
    const request = new proto.UpdateRequest().setUrn(urn(kind, name)).setId(id).setPreview(preview);
    request.setOlds(encode(olds)).setNews(encode(news));
    return this.call<proto.UpdateRequest, proto.UpdateResponse>("update", request);
  }
  delete(kind: string, name: string, id: string, state: Properties) {
    const request = new proto.DeleteRequest().setUrn(urn(kind, name)).setId(id).setProperties(encode(state));
    return this.call<proto.DeleteRequest, Empty>("delete", request);
  }

  /** One call of the service; an answer takes at most ten seconds. */
  call<Request, Response>(method: string, request: Request): Promise<Response> {
    const methods = this.client as unknown as Record<string, (...args: unknown[]) => unknown>;
    return new Promise((resolve, reject) => {
      methods[method]?.call(
        this.client,
        request,
        { deadline: Date.now() + 10_000 },
        (error: unknown, response: Response) => (error ? reject(error) : resolve(response)),
      );
    });
  }
}

function bind(server: Server): Promise<number> {
  return new Promise((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    ),
  );
}
function struct(properties: Properties | Struct): Struct {
  return "getFieldsMap" in properties ? (properties as Struct) : encode(properties as Properties);
}

export function urn(kind: string, name: string): string {
  return `urn:pulumi:dev::proj::krstorage:index:${kind}::${name}`;
}

/** The error that a call ends with. */
export async function failureOf(call: Promise<unknown>): Promise<ServiceError> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof Error && "code" in error) return error as ServiceError;
  throw new Error(`the call did not fail, or not as a call does: ${String(error)}`);
}

/** What the engine finds in an error's details. */
export function detailsOf(error: ServiceError): {
  failed?: proto.ErrorResourceInitFailed;
  properties?: InputPropertiesError.AsObject;
} {
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  if (bytes === undefined) return {};
  const [any] = Status.deserializeBinary(bytes as Buffer).getDetailsList();
  const value = any?.getValue_asU8() as Uint8Array;
  return any?.getTypeName() === "pulumirpc.ErrorResourceInitFailed"
    ? { failed: proto.ErrorResourceInitFailed.deserializeBinary(value) }
    : { properties: InputPropertiesError.deserializeBinary(value).toObject() };
}
