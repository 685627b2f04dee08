import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describeWith } from "../support/requires";
import { pluginHost } from "./support/engineHost";
import { localBackend } from "./support/localBackend";
import { expectSuccess, TestStack, temporaryFolder } from "./support/testStack";

const volumes = 40;
/** After how many volumes have been made the interrupt comes. */
const moments = [0, 3, 12, 30];

describeWith({ needs: ["engine", "linux"] }, "interrupted during up, plugin host", () => {
  test("AC-33 Ctrl-C at any moment: what was made is known or found again, and the next up converges", async () => {
    const folder = temporaryFolder("interrupt");
    const backend = localBackend(folder);
    const project = join(folder, "project");
    mkdirSync(project);
    const stack = new TestStack({
      folder: project,
      config: { "krstorage:backends": backend.config(), "krstorage:stackId": "interrupt" },
      host: pluginHost,
    });
    await stack.init();
    let wanted: string[] = [];
    for (const moment of moments) {
      stack.program(
        ({ krstorage, values }) => {
          const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
          for (let index = 0; index < Number(values.count); index += 1)
            new krstorage.Volume(`m${values.moment}-${index}`, { pool: ssd, size: "1MiB" });
        },
        { count: String(volumes), moment: String(moment) },
      );
      wanted = Array.from({ length: volumes }, (_, index) => `main/ssd/m${moment}-${index}`);
      const run = stack.start("up", "--yes", "--skip-preview", "--non-interactive");
      let output = "";
      let isInterrupted = false;
      run.stderr.resume();
      run.stdout.on("data", (chunk: Buffer) => {
        output += chunk;
        if (isInterrupted || (output.match(/\bVolume m\d+-\d+ created /g) ?? []).length < Math.max(moment, 0)) return;
        if (!output.includes("Volume m")) return; // the program runs
        isInterrupted = true;
        process.kill(-(run.pid as number), "SIGINT"); // as a terminal does: to everything that the engine has started
      });
      await once(run, "close");
      if (!isInterrupted) throw new Error(`it ended before it could be interrupted:\n${output}`);
    }

    expectSuccess(await stack.up());
    const live = (await backend.list("main/ssd")).filter(({ phase }) => phase === "live").map(({ id }) => id);
    expect(live.sort()).toEqual([...wanted].sort());
    const known = (await stack.resources()).map(({ id }) => id);
    for (const id of wanted) expect(known).toContain(id);
    expectSuccess(await stack.preview("--expect-no-changes"));
    rmSync(folder, { recursive: true });
  }, 300_000);
});
