import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { SpineBackend } from "./support/engineBackend";
import type { EngineHost } from "./support/engineHost";
import { localBackend } from "./support/localBackend";
import { descendantsOf, killAll } from "./support/processes";
import { expectSuccess, TestStack, temporaryFolder } from "./support/testStack";

/** How many volumes the stack has. */
const volumes = 20;

/** Which process is killed: the engine with all that it started, or the provider alone. */
const victims = {
  engine: (engine: number, _host: EngineHost) => [...descendantsOf(engine).map((process) => process.pid), engine],
  provider: (engine: number, host: EngineHost) =>
    descendantsOf(engine)
      .filter(({ command }) => command.includes(host.command))
      .map((process) => process.pid),
};

/** Runs the tests in a host, on a backend; the engine is killed at so many moments of its `up`, the provider at a quarter of them. */
export function describeKills(
  host: EngineHost,
  makeBackend: (folder: string) => SpineBackend = localBackend,
  moments = 20,
): void {
  test.each(["engine", "provider"] as const)(
    "AC-33 AC-34 the %s killed at many moments: afterwards exactly one of each, and earlier data intact",
    async (victim) => {
      const folder = temporaryFolder(`kill-${victim}`);
      const backend = makeBackend(folder);
      const project = join(folder, "project");
      mkdirSync(project);
      const stack = new TestStack({
        folder: project,
        config: { "krstorage:backends": backend.config(), "krstorage:stackId": "kill" },
        host,
      });
      await stack.init();
      stack.program(({ krstorage }) => {
        const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
        new krstorage.Volume("early", { pool: ssd, size: "1MiB" });
      });
      expectSuccess(await stack.up());
      await backend.write(await stack.resource("early"), "early bytes");
      const before = await stack.resource("early");

      const whole = await duration(() => stack.preview());
      const count = victim === "engine" ? moments : Math.ceil(moments / 4);
      for (let moment = 1; moment <= count; moment += 1) {
        stack.program(
          ({ krstorage, values }) => {
            const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
            new krstorage.Volume("early", { pool: ssd, size: "1MiB" });
            for (let index = 0; index < Number(values.count); index += 1)
              new krstorage.Volume(`m${values.moment}-${index}`, { pool: ssd, size: "64KiB" });
          },
          { count: String(volumes), moment: String(moment) },
        );
        const run = stack.start("up", "--yes", "--skip-preview", "--non-interactive");
        run.stdout.resume();
        run.stderr.resume();
        const ended = once(run, "exit");
        // From before the program has started to after the last volume has been made
        await new Promise((resolve) => setTimeout(resolve, (whole * (0.4 + 1.2 * moment)) / count + whole * 0.3));
        killAll(victims[victim](run.pid as number, host));
        await ended;
        stack.restoreTornState();
        await stack.pulumi("cancel", "--yes");
      }

      expectSuccess(await stack.up());
      const live = (await backend.list("main/ssd")).filter((object) => object.phase === "live");
      const wanted = [
        "main/ssd/early",
        ...Array.from({ length: volumes }, (_, index) => `main/ssd/m${count}-${index}`),
      ];
      expect(
        live
          .map((object) => object.id)
          .filter((id) => wanted.includes(id))
          .sort(),
      ).toEqual([...wanted].sort());
      expect(new Set(live.map((object) => object.id)).size).toBe(live.length);
      expect(await backend.read(before, 11)).toBe("early bytes");
      expect((await stack.resource("early")).outputs.uid).toBe(before.outputs.uid);
      expectSuccess(await stack.preview("--expect-no-changes"));
      rmSync(folder, { recursive: true });
    },
    900_000,
  );
}

async function duration(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}
