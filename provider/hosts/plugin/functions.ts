import type { InvokeRequest, InvokeResponse } from "@pulumi/pulumi/proto/provider_pb";
import { KrStorageError } from "../../model/errors";
import type { Session } from "./session";

/** The engine's calls of functions. */
export async function invoke(request: InvokeRequest, session: Session): Promise<InvokeResponse> {
  session.current();
  throw new KrStorageError("INVALID_ARGUMENT", `krstorage has no function "${request.getTok()}"`);
}
