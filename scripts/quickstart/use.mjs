// The second half of the quickstart: uses what `pulumi up` made, through the library that stacks are built on.
import { createRequire } from "node:module";
import { note, StepError, say } from "../lib/console.mjs";
import { inRoot, shown } from "../lib/paths.mjs";

const pool = "main/ssd";
const data = `${pool}/data`;
const snapshot = `${data}@quickstart`;
const clone = `${pool}/data-copy`;
const size = "64MiB";
const share = `${pool}/home`;
const shareFile = "notes.txt";

/** Well behind the sector in which the example's machine counts its boots. */
const offset = 1024 * 1024;
const oldText = "what the disk held when the snapshot was taken";
const newText = "what was written to the original afterwards!!!";

/** Uses the volume and the share. A second run finds it done and changes nothing. */
export async function useStorage(context) {
  return withStorage(context, async (storage) => {
    const result = await useVolume(storage, context);
    await useShare(storage, context.place);
    return result;
  });
}

/** Writes a file, takes a snapshot of the share where files can be read in one, and changes the file. */
async function useShare(storage, place) {
  const { connection } = await storage.get(share);
  const files = await place.openShare(connection);
  try {
    const [taken] = (await storage.list(pool)).filter(
      ({ id, phase }) => id === `${share}@quickstart` && phase === "live",
    );
    if (files.readBefore ? !taken : files.read(shareFile) === undefined) {
      files.write(shareFile, oldText);
      note(`wrote a file into ${share}, ${files.how}`);
    }
    if (!files.readBefore) return;
    const { uid } = taken ?? (await storage.createSnapshot(share, "quickstart"));
    if (files.read(shareFile) !== newText) files.write(shareFile, newText);
    const found = [files.readBefore(uid, shareFile), files.read(shareFile)];
    if (found[0] !== oldText || found[1] !== newText)
      throw new StepError(`${share} does not hold the files that it should: ${JSON.stringify(found)}`);
    if (!taken) note(`took the snapshot ${share}@quickstart and changed the file; in .snap the old one is read`);
  } finally {
    await files.close();
  }
}

/** Writes, snapshots, clones, changes the original, checks the clone, restores. */
async function useVolume(storage, context) {
  const { writeText, expectText } = bytesOf(context);
  if ((await storage.list(pool)).some((object) => object.id === clone && object.phase === "live")) {
    expectText(await storage.get(clone), oldText, "the clone");
    expectText(await storage.get(data), oldText, "the restored volume");
    return "done before: the clone and the restored volume still hold their bytes; nothing was changed";
  }
  const volume = await storage.get(data);
  writeText(volume, oldText);
  note(`wrote ${oldText.length} bytes into ${data}`);
  await storage.createSnapshot(data, "quickstart");
  note(`took the snapshot ${snapshot}`);
  const copy = await storage.createVolume(clone, { size, from: snapshot });
  note(`made the volume ${clone} from it`);
  writeText(volume, newText);
  expectText(copy, oldText, "the clone");
  note("changed the original; the clone still reads the old bytes");
  const { safety } = await storage.rollback(snapshot);
  expectText(volume, oldText, "the restored volume");
  note(`restored the original from its snapshot; what it held before is in ${safety.id}`);
  return "every byte was where it should be";
}

/** What exists, where, how full, and what to type next. */
export async function printSummary(context) {
  const { place } = context;
  await withStorage(context, async (storage) => {
    const { provisionedBytes, availableBytes, freeBytes } = await storage.getPool(pool);
    const objects = (await storage.list(pool))
      .filter((object) => object.phase === "live")
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    const widest = Math.max(...objects.map((object) => object.id.length));
    say("\nIn the pool now:");
    for (const object of objects)
      note(`${object.id.padEnd(widest)}  ${object.kind.padEnd(8)}  ${mebibytes(object.sizeBytes).padStart(9)}`);
    note(
      `promised ${mebibytes(provisionedBytes)}, ${mebibytes(availableBytes)} more can be; ${mebibytes(freeBytes)} free`,
    );
    say("\nWhere:");
    for (const line of place.where()) note(line);
    note(`state    ${shown(context.state)}`);
    say("\nNext:");
    note(`. ${shown(context.environmentFile)}        then plain commands work in ${shown(context.example)}:`);
    note("  npx krstorage policy plan      what the policy would take, keep and remove, and why");
    note("  npx krstorage agent            does it, every hour, for as long as it runs");
    for (const line of place.next) note(line);
    note(`edit ${shown(context.example)}/index.ts (size: "128MiB"), then ${place.command} again`);
    note(`${place.destroyCommand}        ${place.afterDestroy}`);
  });
}

/** `npm run quickstart -- --destroy`: what `useStorage` made, then the stack's resources. Data goes to the pool's trash. */
export async function cleanUp(context) {
  const { pulumi, stackName } = context;
  await withStorage(context, async (storage) => {
    const objects = await storage
      .list(pool)
      .catch((error) => (error.code === "UNAVAILABLE" ? [] : Promise.reject(error)));
    for (const object of objects) {
      if (object.phase === "live" && object.owner.startsWith("library/")) {
        await storage.delete(object.id);
        note(`${object.id}: to the trash`);
      }
    }
  });
  await pulumi(["destroy", "--yes", "--stack", stackName, "--suppress-permalink=true"], { show: true });
  return "destroyed";
}

async function withStorage({ backend }, action) {
  const { openStorage } = createRequire(import.meta.url)(inRoot("dist", "provider", "storage", "index.js"));
  const storage = openStorage({ backends: { main: backend } });
  try {
    return await action(storage);
  } finally {
    await storage.close();
  }
}

/** Writes into a disk, and reads it, by nothing but the volume's connection. */
function bytesOf({ place }) {
  return {
    writeText: ({ connection }, text) => place.writeAt(connection, offset, text),
    expectText({ id, connection }, text, what) {
      const found = place.readAt(connection, offset, text.length);
      if (found !== text)
        throw new StepError(`${what} (${id}) does not hold the bytes that it should: ${JSON.stringify(found)}`);
    },
  };
}

const mebibytes = (bytes) => `${Math.round(bytes / 2 ** 20).toLocaleString("en")} MiB`;
