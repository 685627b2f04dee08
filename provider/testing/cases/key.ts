import assert from "node:assert/strict";
import { newUid } from "../../drivers/record";
import { call } from "../bench";
import type { CaseDefinition } from "../contractCase";
import { assertRefused } from "../refusal";

export const keyCases: CaseDefinition[] = [
  {
    name: "key: there is one exactly where the connection names a user, and none of what is not live",
    needs: ["trash"],
    async run(bench) {
      const volume = await bench.volume("data");
      const { uid } = volume.record;
      const connection = (await bench.expect(uid, "live")).connection as { user?: string } | undefined;
      const key = await bench.driver.key(bench.ref, uid, call());
      assert.equal(key === undefined, connection?.user === undefined);
      if (key !== undefined)
        assert.ok(!JSON.stringify(await bench.list()).includes(key), "a list of the pool does not hold the key");
      await bench.trash(volume);
      await assertRefused(bench.driver.key(bench.ref, uid, call()), "NOT_FOUND");
      await assertRefused(bench.driver.key(bench.ref, newUid(), call()), "NOT_FOUND");
    },
  },
];
