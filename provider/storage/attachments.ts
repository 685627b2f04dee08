import type { StoredObject } from "../drivers/driver";
import type { ObjectRecord, ObjectSettings } from "../drivers/record";
import { hasCode } from "../model/errors";
import type { PoolId } from "../model/names";
import { matchOf } from "./claims";
import { maxLookAgeMs } from "./looks";
import type { PoolView } from "./poolView";
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

/**
 * How many attachments are written at once: a backend makes what waits together durable together, so that a thousand of them
 * cost it little more than a few.
 */
const batchSize = 100;

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
  const changes = view.all().flatMap(({ record, phase }): AttachmentChange[] => {
    if (phase !== "live") return [];
    const attached = (record.policies ?? []).find(({ uid }) => uid === policy.uid);
    const attachment = wanted.has(record.uid) ? policy : undefined;
    return attached?.generation === attachment?.generation ? [] : [{ record, policyUid: policy.uid, attachment }];
  });
  for (let at = 0; at < changes.length; at += batchSize)
    await changeAttachments(storage, id, view, changes.slice(at, at + batchSize), signal);
}

interface AttachmentChange {
  record: ObjectRecord;
  policyUid: string;
  /** Undefined: the policy is detached. */
  attachment: Attachment | undefined;
}

/** Changes attachments by compare-and-swap; once more from a new look where something else changed an object at the same time. */
async function changeAttachments(
  storage: Storage,
  id: PoolId,
  view: PoolView,
  changes: AttachmentChange[],
  signal?: AbortSignal,
): Promise<void> {
  const overtaken = await writeAttachments(storage, id, view, changes, signal);
  if (overtaken.length === 0) return;
  const newView = await storage.view(id, { maxAgeMs: 0, signal });
  const again = overtaken.flatMap((change) => {
    const target = newView.byUid(change.record.uid);
    // What is gone meanwhile needs none: nothing acts on what is in the trash
    return target?.phase === "live" ? [{ ...change, record: target.record }] : [];
  });
  const [lost] = await writeAttachments(storage, id, newView, again, signal);
  if (lost) throw lost.error;
}

/** All at once, in one place of the backend's limit. Returns those whose objects others have changed; any other failure is thrown when all have ended. */
async function writeAttachments(
  storage: Storage,
  id: PoolId,
  view: PoolView,
  changes: AttachmentChange[],
  signal?: AbortSignal,
): Promise<(AttachmentChange & { error: unknown })[]> {
  const ref = poolRef(id, view);
  const results = await storage
    .backend(id.backend)
    .write(signal, (driver, call) =>
      Promise.allSettled(
        changes.map(({ record, policyUid, attachment }) =>
          driver.update(ref, matchOf(record), { policies: policiesWith(record, policyUid, attachment) }, call),
        ),
      ),
    );
  await storage.note(id, (current) => {
    for (const result of results) if (result.status === "fulfilled") current.put(result.value);
  });
  return results.flatMap((result, at) => {
    if (result.status === "fulfilled") return [];
    if (!hasCode(result.reason, "CONFLICT", "NOT_FOUND")) throw result.reason;
    return [{ ...(changes[at] as AttachmentChange), error: result.reason }];
  });
}

function policiesWith({ policies = [] }: ObjectRecord, uid: string, attachment: Attachment | undefined): Attachments {
  const others = policies.filter((other) => other.uid !== uid);
  return attachment ? [...others, attachment] : others;
}
