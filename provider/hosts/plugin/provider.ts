import { type handleServerStreamingCall, type handleUnaryCall, Server } from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { type IResourceProviderServer, ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import {
  GetMappingResponse,
  GetMappingsResponse,
  GetSchemaResponse,
  ProviderHandshakeResponse,
} from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { KrStorageError } from "../../model/errors";
import { checkConfig, configure, diffConfig } from "./configCalls";
import { serviceError, unimplemented } from "./failures";
import { invoke } from "./functions";
import { list } from "./list";
import { schemaText, version } from "./packageFiles";
import { withPlainProperties } from "./plainProperties";
import { check, create, diff, read, remove, update } from "./resources";
import type { Session } from "./session";

/** As the engine itself allows: a stack's inputs may be big. */
const maxMessageBytes = 400 * 1024 * 1024;

/** A server with the service that the engine calls, not bound to a port yet. */
export function providerServer(session: Session): Server {
  const server = new Server({
    "grpc.max_receive_message_length": maxMessageBytes,
    "grpc.max_send_message_length": maxMessageBytes,
    // Nobody asks for its books on each call
    "grpc.enable_channelz": 0,
  });
  server.addService(withPlainProperties(ResourceProviderService), providerService(session));
  return server;
}

/** The service. Each call ends in an answer or an error, and none ends the process. */
function providerService(session: Session): IResourceProviderServer {
  const answer = <Request, Response>(handle: (request: Request) => Response | Promise<Response>) =>
    answering(session, handle);
  return {
    handshake: answer((request) => {
      session.log.connect(request.getEngineAddress());
      const response = new ProviderHandshakeResponse();
      response.setAcceptSecrets(true);
      response.setAcceptResources(true);
      response.setAcceptOutputs(true);
      response.setSupportsAutonamingConfiguration(true);
      return response;
    }),
    attach: answer((request) => {
      session.log.connect(request.getAddress());
      return new Empty();
    }),
    getPluginInfo: answer(() => new PluginInfo().setVersion(version())),
    getSchema: answer((request) => {
      if (request.getVersion() !== 0)
        throw new KrStorageError("UNSUPPORTED", `there is no schema in format ${request.getVersion()}; ask for 0`);
      return new GetSchemaResponse().setSchema(schemaText());
    }),
    getMapping: answer(() => new GetMappingResponse()),
    getMappings: answer(() => new GetMappingsResponse()),

    checkConfig: answer(checkConfig),
    diffConfig: answer(diffConfig),
    configure: answer((request) => configure(request, session)),

    check: answer((request) => check(request, session)),
    diff: answer(diff),
    create: answer((request) => create(request, session)),
    read: answer((request) => read(request, session)),
    update: answer((request) => update(request, session)),
    delete: answer(async (request) => {
      await remove(request, session);
      return new Empty();
    }),
    list: streaming(session, list),
    invoke: answer((request) => invoke(request, session)),
    cancel: answer(() => {
      session.cancel();
      return new Empty();
    }),

    call: refusing("krstorage has no methods"),
    construct: refusing("krstorage has no components"),
    parameterize: refusing("krstorage takes no parameters"),
  };
}

/** What was logged reaches the engine before the answer does. */
function answering<Request, Response>(
  session: Session,
  handle: (request: Request) => Response | Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    void session.run(async () => {
      try {
        const response = await handle(call.request);
        await session.log.flush();
        callback(null, response);
      } catch (error) {
        await session.log.flush();
        callback(serviceError(error));
      }
    });
  };
}

function streaming<Request, Response>(
  session: Session,
  handle: (request: Request, session: Session) => AsyncIterable<Response>,
): handleServerStreamingCall<Request, Response> {
  return (call) => {
    void session.run(async () => {
      try {
        for await (const response of handle(call.request, session)) call.write(response);
        await session.log.flush();
        call.end();
      } catch (error) {
        call.emit("error", serviceError(error));
      }
    });
  };
}

function refusing<Request, Response>(message: string): handleUnaryCall<Request, Response> {
  return (_call, callback) => callback(unimplemented(message));
}
