import { rmSync } from "node:fs";
import type { EngineBackend } from "./support/engineBackend";
import type { EngineHost } from "./support/engineHost";
import { type DataKind, expectSentence, poolId, Scene } from "./support/scene";
import { expectFailure, expectSuccess } from "./support/testStack";

/**
 * The identity table: what the engine may do to a stack, through the real engine. Every row ends with the same question: do
 * the bytes survive, is there exactly one object, and does a clear sentence say what happened.
 */

export interface IdentityRow {
  name: string;
  run(scene: Scene): Promise<void>;
}

const rows: IdentityRow[] = [
  {
    name: "up, then an unchanged up and preview: nothing to do",
    async run(scene) {
      await scene.begin();
      const uid = await scene.uid();
      expectSentence(expectSuccess(await scene.stack.up()), /3 unchanged/);
      expectSentence(expectSuccess(await scene.stack.preview("--expect-no-changes")), /3 unchanged/);
      await scene.expectOneWithItsBytes(uid);
    },
  },
  {
    name: "AC-1 grow: in place, never a replace",
    async run(scene) {
      await scene.begin();
      const uid = await scene.uid();
      scene.program(({ krstorage, values }) => {
        const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
        new krstorage[values.kind as "Volume"]("data", { pool: ssd, size: "8MiB" });
      });
      expectSentence(expectSuccess(await scene.stack.up()), /~ 1 updated/);
      expect((await scene.stack.resource("data")).outputs.sizeBytes).toBe(8 * 2 ** 20);
      await scene.expectOneWithItsBytes(uid);
    },
  },
  {
    name: "AC-2 shrink: refused at preview with path, old and new size",
    async run(scene) {
      await scene.begin();
      const uid = await scene.uid();
      scene.program(({ krstorage, values }) => {
        const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
        new krstorage[values.kind as "Volume"]("data", { pool: ssd, size: "1MiB" });
      });
      for (const result of [await scene.stack.preview(), await scene.stack.up()]) {
        expectSentence(expectFailure(result), /size.*main\/ssd\/data cannot shrink from 4MiB to 1MiB/);
      }
      await scene.expectOneWithItsBytes(uid);
    },
  },
  {
    name: "refresh: nothing changes, and nothing to do afterwards",
    async run(scene) {
      await scene.begin();
      const uid = await scene.uid();
      expectSentence(expectSuccess(await scene.stack.refresh("--expect-no-changes")), /3 unchanged/);
      expectSuccess(await scene.stack.preview("--expect-no-changes"));
      await scene.expectOneWithItsBytes(uid);
    },
  },
  {
    name: "up --replace: the engine makes and deletes, the object and its bytes stay",
    async run(scene) {
      await scene.begin();
      const uid = await scene.uid();
      const { urn } = await scene.stack.resource("data");
      expectSentence(expectSuccess(await scene.stack.up("--replace", urn)), /another state holds it now/);
      await scene.expectOneWithItsBytes(uid);
    },
  },
  {
    name: "state taint: as --replace",
    async run(scene) {
      await scene.begin();
      const uid = await scene.uid();
      const { urn } = await scene.stack.resource("data");
      expectSuccess(await scene.stack.pulumi("state", "taint", urn, "--yes"));
      expectSentence(expectSuccess(await scene.stack.up()), /another state holds it now/);
      await scene.expectOneWithItsBytes(uid);
    },
  },
  {
    name: "replacementTrigger: as --replace",
    async run(scene) {
      await scene.begin(({ krstorage, values }) => {
        const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
        new krstorage[values.kind as "Volume"]("data", { pool: ssd, size: "4MiB" }, { replacementTrigger: "one" });
      });
      const uid = await scene.uid();
      scene.program(({ krstorage, values }) => {
        const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
        new krstorage[values.kind as "Volume"]("data", { pool: ssd, size: "4MiB" }, { replacementTrigger: "two" });
      });
      expectSentence(expectSuccess(await scene.stack.up()), /another state holds it now/);
      await scene.expectOneWithItsBytes(uid);
    },
  },
  {
    name: "replaceOnChanges: made in place, or refused where the host's differences would have the engine replace",
    async run(scene) {
      await scene.begin();
      const uid = await scene.uid();
      scene.program(({ krstorage, values }) => {
        const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
        new krstorage[values.kind as "Volume"]("data", { pool: ssd, size: "8MiB" }, { replaceOnChanges: ["size"] });
      });
      const result = await scene.stack.up();
      await scene.expectOneWithItsBytes(uid);
      if (scene.host.name === "dynamic") expectSentence(expectSuccess(result), /~ 1 updated/);
      else expectSentence(expectFailure(result), /main\/ssd\/data exists already: .* it was made with another size/);
    },
  },
  {
    name: "alias rename: one update in place, the name stays",
    async run(scene) {
      await scene.begin();
      const uid = await scene.uid();
      scene.program(({ krstorage, values }) => {
        const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
        new krstorage[values.kind as "Volume"]("renamed", { pool: ssd, size: "4MiB" }, { aliases: [{ name: "data" }] });
      });
      expectSentence(expectSuccess(await scene.stack.up()), /~ 1 updated/);
      expect((await scene.stack.resource("renamed")).id).toBe("main/ssd/data");
      expectSuccess(await scene.stack.preview("--expect-no-changes"));
      await scene.expectOneWithItsBytes(uid, "renamed");
    },
  },
  {
    name: "stack rename: updates in place",
    async run(scene) {
      await scene.begin();
      const uid = await scene.uid();
      expectSuccess(await scene.stack.pulumi("stack", "rename", "production"));
      expectSentence(expectSuccess(await scene.stack.up()), /~ 2 updated/);
      expectSuccess(await scene.stack.preview("--expect-no-changes"));
      await scene.expectOneWithItsBytes(uid);
    },
  },
  {
    name: "state delete, then up: the same object is taken over",
    async run(scene) {
      await scene.begin();
      const uid = await scene.uid();
      const { urn } = await scene.stack.resource("data");
      expectSuccess(await scene.stack.pulumi("state", "delete", urn, "--yes"));
      expectSentence(expectSuccess(await scene.stack.up()), /taken over from an interrupted run/);
      await scene.expectOneWithItsBytes(uid);
    },
  },
  {
    name: "an older state is restored: nothing is harmed, the program's size comes back",
    async run(scene) {
      await scene.begin();
      const uid = await scene.uid();
      const older = await scene.stack.checkpoint();
      scene.program(({ krstorage, values }) => {
        const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
        new krstorage[values.kind as "Volume"]("data", { pool: ssd, size: "8MiB" });
      });
      expectSuccess(await scene.stack.up());
      await scene.stack.restore(older);
      expectSuccess(await scene.stack.up());
      expect((await scene.stack.resource("data")).outputs.sizeBytes).toBe(8 * 2 ** 20);
      await scene.expectOneWithItsBytes(uid);
    },
  },
  {
    name: "a twin stack, same project and stack name, another state: refused with what to do, adopted only by uid",
    async run(scene) {
      await scene.begin();
      const uid = await scene.uid();
      const twin = scene.newStack("twin", { stackId: "id-of-the-twin" });
      twin.program(({ krstorage, values }) => {
        new krstorage[values.kind as "Volume"]("data", { pool: "main/ssd", size: "4MiB" });
      }, scene.values);
      await twin.init();
      expectSentence(
        expectFailure(await twin.preview()),
        new RegExp(
          `main/ssd/data exists already: this stack's name owns it since .*\\(uid ${uid}\\), but this state does not know it.*adopt: "${uid}"`,
        ),
      );
      expectFailure(await twin.up());
      await scene.expectOneWithItsBytes(uid);
    },
  },
  {
    name: "AC-15 two components each with a child data: one name is a conflict that names both, two names are two objects",
    async run(scene) {
      await scene.begin();
      const uid = await scene.uid();
      scene.program(({ pulumi, krstorage, values }) => {
        const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
        new krstorage[values.kind as "Volume"]("data", { pool: ssd, size: "4MiB" });
        for (const kind of ["Left", "Right"]) {
          const parent = new pulumi.ComponentResource(`test:index:${kind}`, "component");
          new krstorage[values.kind as "Volume"]("data", { pool: ssd, size: "1MiB", name: "child" }, { parent });
        }
      });
      expectSentence(
        expectFailure(await scene.stack.preview()),
        new RegExp(
          `main/ssd/child is declared twice in this deployment: by .*test:index:(Left|Right)\\$${scene.kind}/data and by .*test:index:(Left|Right)\\$${scene.kind}/data`,
        ),
      );
      scene.program(({ pulumi, krstorage, values }) => {
        const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
        new krstorage[values.kind as "Volume"]("data", { pool: ssd, size: "4MiB" });
        for (const kind of ["Left", "Right"]) {
          const parent = new pulumi.ComponentResource(`test:index:${kind}`, "component");
          new krstorage[values.kind as "Volume"](
            "data",
            { pool: ssd, size: "1MiB", name: `child-${kind.toLowerCase()}` },
            { parent },
          );
        }
      });
      expectSuccess(await scene.stack.up());
      const live = (await scene.backend.list(poolId)).filter((object) => object.phase === "live");
      expect(live.map((object) => object.id).sort()).toEqual([
        "main/ssd/child-left",
        "main/ssd/child-right",
        "main/ssd/data",
      ]);
      expect(live.some((object) => object.uid === uid)).toBe(true);
    },
  },
  {
    name: "AC-20 removed behind our back: kept as missing, never made again empty without permission",
    async run(scene) {
      await scene.begin();
      const volume = await scene.stack.resource("data");
      const uid = volume.outputs.uid as string;
      await scene.backend.removeBehindBack(volume);
      expectSentence(expectFailure(await scene.stack.preview()), /main\/ssd\/data.*is missing/);
      expectSuccess(await scene.stack.refresh());
      expect((await scene.stack.resource("data")).outputs.status).toBe("missing");
      expectSentence(expectFailure(await scene.stack.up()), new RegExp(`is missing.*recreateIfMissing: "${uid}"`));
      scene.program(
        ({ krstorage, values }) => {
          const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
          new krstorage[values.kind as "Volume"]("data", {
            pool: ssd,
            size: "4MiB",
            recreateIfMissing: values.uid as string,
          });
        },
        { uid },
      );
      expectSuccess(await scene.stack.up());
      const again = await scene.stack.resource("data");
      expect(again.outputs.uid).not.toBe(uid);
      expect(again.outputs.status).toBe("ready");
    },
  },
  {
    name: "the backend is not mounted: preview, an unchanged up, refresh and destroy refuse, nothing is forgotten or made",
    async run(scene) {
      await scene.begin();
      const uid = await scene.uid();
      const back = await scene.backend.unmount();
      for (const run of ["preview", "up", "refresh"] as const)
        expectSentence(expectFailure(await scene.stack[run]()), /its marker is missing/);
      expectFailure(await scene.stack.destroy());
      await back();
      await scene.expectOneWithItsBytes(uid);
      expectSuccess(await scene.stack.preview("--expect-no-changes"));
    },
  },
  {
    name: "another backend in its place: refused until its identity is accepted",
    async run(scene) {
      await scene.begin();
      const uid = await scene.uid();
      const back = await scene.backend.swap("ssd");
      expectSentence(
        expectFailure(await scene.stack.refresh()),
        /is another pool than the one this state knows: its identity is .*acceptIdentity/,
      );
      expectFailure(await scene.stack.destroy());
      await back();
      await scene.expectOneWithItsBytes(uid);
    },
  },
  {
    name: "AC-11 destroy, undelete, adopt by uid: the same bytes",
    async run(scene) {
      await scene.begin();
      const uid = await scene.uid();
      expectSuccess(await scene.stack.destroy());
      expect((await scene.backend.list(poolId)).map((object) => [object.uid, object.phase])).toEqual([
        [uid, "trashed"],
      ]);
      expectSuccess(await scene.stack.destroy());
      await scene.backend.undelete(poolId, uid);
      scene.program(
        ({ krstorage, values }) => {
          const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
          new krstorage[values.kind as "Volume"]("data", { pool: ssd, size: "4MiB", adopt: values.uid as string });
        },
        { uid },
      );
      expectSuccess(await scene.stack.up());
      await scene.expectOneWithItsBytes(uid);
    },
  },
];

/** Runs every row of the table in a host, against a backend, for one kind that holds data. */
export function describeIdentityTable(
  host: EngineHost,
  makeBackend: (folder: string) => EngineBackend,
  kind: DataKind = "Volume",
): void {
  for (const row of rows) {
    test(row.name, async () => {
      const scene = new Scene(makeBackend, kind, host);
      await row.run(scene);
      rmSync(scene.folder, { recursive: true, force: true }); // kept where a row failed, for whoever looks into it
    }, 180_000);
  }
}
