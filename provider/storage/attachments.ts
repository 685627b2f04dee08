import type { StoredObject } from "../drivers/driver";
import type { ObjectRecord, ObjectSettings } from "../drivers/record";
import { hasCode } from "../model/errors";
import type { PoolId } from "../model/names";
import { maxLookAgeMs } from "./looks";
import { poolRef, type Storage } from "./storage";

type Attachments = NonNullable<ObjectRecord["policies"]>;
type Attachment = Attachments[number];

/** The policy that comes with a class acts under the object's own uid, so it never changes its generation. */
const ownGeneration = 1;

/** An object's attached policies, with the one that its class brings, or without it where the class brings none. */
export function withOwnPolicy(uid: string, settings: ObjectSettings, attached: Attachments): Attachments {
  const others = attached.filter((attachment) => attachment.uid !== uid);
  return settings.policy === undefined ? others : [...others, { uid, generation: ownGeneration }];
}

/** Attaches a policy to the given live objects of a pool, and detaches it from every other one there. Writes only what differs. */
export async function attachExactly(
  storage: Storage,
  id: PoolId,
  policy: Attachment,
  targets: StoredObject[],
  signal?: AbortSignal,
): Promise<void> {
  const view = await storage.view(id, { maxAgeMs: maxLookAgeMs, signal });
  const wanted = new Set(targets.map(({ record }) => record.uid));
  const changes = view.all().filter(({ record, phase }) => {
    if (phase !== "live") return false;
    const attached = (record.policies ?? []).find(({ uid }) => uid === policy.uid);
    return wanted.has(record.uid) ? attached?.generation !== policy.generation : attached !== undefined;
  });
  await Promise.all(
    changes.map(({ record }) => {
      const isWanted = wanted.has(record.uid);
      return changeAttachments(storage, id, record.uid, policy.uid, isWanted ? policy : undefined, signal);
    }),
  );
}

/** Changes one attachment by compare-and-swap; once more from a new look where something else changed the object at the same time. */
async function changeAttachments(
  storage: Storage,
  id: PoolId,
  targetUid: string,
  policyUid: string,
  attachment: Attachment | undefined,
  signal?: AbortSignal,
): Promise<void> {
  for (let maxAgeMs = maxLookAgeMs; ; maxAgeMs = 0) {
    const view = await storage.view(id, { maxAgeMs, signal });
    const target = view.byUid(targetUid);
    if (target?.phase !== "live") return; // gone meanwhile: nothing acts on what is in the trash
    const { uid, claim, revision, policies: attached = [] } = target.record;
    const others = attached.filter((other) => other.uid !== policyUid);
    const policies = attachment ? [...others, attachment] : others;
    try {
      const object = await storage
        .backend(id.backend)
        .write(signal, (driver, call) =>
          driver.update(poolRef(id, view), { uid, claim, revision }, { policies }, call),
        );
      await storage.note(id, (current) => current.put(object));
      return;
    } catch (error) {
      if (maxAgeMs === 0 || !hasCode(error, "CONFLICT", "NOT_FOUND")) throw error;
    }
  }
}
