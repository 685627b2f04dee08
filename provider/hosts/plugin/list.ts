import { type ListRequest, ListResponse } from "@pulumi/pulumi/proto/provider_pb";
import type { StoredObject } from "../../drivers/driver";
import { type KindName, kinds } from "../../model/kinds";
import { formatObjectId, formatPoolId, type PoolId } from "../../model/names";
import type { Session } from "./session";
import { kindOf } from "./urn";

/** What exists of one kind in all configured backends, whoever made it: what could be imported. */
export async function* list(request: ListRequest, session: Session): AsyncGenerator<ListResponse> {
  const kind = kindOf(request.getToken());
  const { storage, signal } = session.contextFor("");
  let left = request.getLimit() > 0 ? request.getLimit() : Number.POSITIVE_INFINITY;
  for (const backend of storage.backendNames()) {
    const pools = await storage.backend(backend).read(signal, (driver, call) => driver.listPools(call));
    for (const pool of pools) {
      const where = { backend, pool: pool.record.name };
      const found =
        kind === "pool"
          ? [{ id: formatPoolId(where), name: where.pool }]
          : (await storage.view(where, { maxAgeMs: 0, signal }))
              .all()
              .flatMap((object) => resultOf(kind, where, object));
      for (const { id, name } of found) {
        if (left-- <= 0) return;
        yield new ListResponse().setResult(new ListResponse.Result().setId(id).setName(name));
      }
    }
  }
}

function resultOf(kind: KindName, where: PoolId, { phase, record }: StoredObject): { id: string; name: string }[] {
  if (phase !== "live" || record.kind !== kind || !(kind in kinds)) return [];
  return [{ id: formatObjectId({ ...where, name: record.name }), name: record.name }];
}
