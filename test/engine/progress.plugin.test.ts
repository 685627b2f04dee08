import { once } from "node:events";
import { chmodSync, closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describeWith, engineBin } from "../support/requires";
import { pluginHost } from "./support/engineHost";
import { localBackend } from "./support/localBackend";
import { expectSuccess, type Program, TestStack, temporaryFolder } from "./support/testStack";

const mebi = 2 ** 20;
const sizeBytes = 64 * mebi;

const volume: Program = ({ krstorage }) => {
  const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
  new krstorage.Volume("data", { pool: ssd, size: "64MiB" });
};
const withSnapshot: Program = ({ krstorage }) => {
  const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
  const data = new krstorage.Volume("data", { pool: ssd, size: "64MiB" });
  new krstorage.Snapshot("copy", { source: data });
};
const withImage: Program = ({ krstorage, values }) => {
  const ssd = new krstorage.Pool("ssd", { backend: "main", reserve: "0B" });
  new krstorage.Volume("data", { pool: ssd, size: "64MiB" });
  const image = { path: values.image as string, format: "raw" as const };
  new krstorage.Volume("copy", { pool: ssd, size: "64MiB", source: { image } });
};

describeWith({ needs: ["engine", "linux"] }, "progress of long copies, plugin host", () => {
  const folders: string[] = [];
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  test.each([
    ["snapshot", withSnapshot],
    ["copy of an image", withImage],
  ])(
    "a big %s says at its resource how far it is, and nothing of that is left at the end",
    async (_, withCopy) => {
      const folder = temporaryFolder("progress");
      folders.push(folder);
      const backend = localBackend(folder);
      const [bin, project, image] = [join(folder, "bin"), join(folder, "project"), join(folder, "image.raw")];
      mkdirSync(bin);
      mkdirSync(project);
      fill(image);
      // The real cp, held in its middle until the test has seen what is said of it
      const hold = `for last; do :; done
case "$last" in *probe-*) exec /bin/cp "$@";; esac
head -c ${sizeBytes / 4} <&3 > "$last"
for turn in $(seq 600); do [ -e ${folder}/go ] && break; sleep 0.05; done
exec /bin/cp "$@"`;
      writeFileSync(join(bin, "cp"), `#!/bin/sh\n${hold}\n`);
      chmodSync(join(bin, "cp"), 0o755);
      const path = [bin, pluginHost.path, engineBin(), process.env.PATH].join(delimiter);
      const stack = new TestStack({
        folder: project,
        config: { "krstorage:backends": backend.config(), "krstorage:stackId": "progress" },
        env: { PATH: path },
        host: pluginHost,
      });
      await stack.init();
      stack.program(volume);
      expectSuccess(await stack.up());
      fill(((await stack.resource("data")).outputs.connection as { path: string }).path);

      stack.program(withCopy, { image });
      const run = stack.start("up", "--yes", "--skip-preview", "--non-interactive");
      let output = "";
      const told = new Promise<void>((resolve) => {
        const read = (chunk: Buffer) => {
          output += chunk;
          if (output.includes("copying")) resolve();
        };
        run.stdout.on("data", read);
        run.stderr.on("data", read);
      });
      const ended = once(run, "close");
      await Promise.race([told, ended]);
      writeFileSync(join(folder, "go"), "");
      const [code] = await ended;
      expect({ code, output }).toMatchObject({ code: 0 });
      expect(output).toMatch(/copy creating .*copying: 25 % \(16MiB of 64MiB\)/);
      const [, afterwards] = output.split("Diagnostics:");
      expect(afterwards).toMatch(/1 created/);
      expect(afterwards).not.toContain("copying");
    },
    120_000,
  );
});

/** A disk without holes, so that the copy has something to do. */
function fill(path: string): void {
  closeSync(openSync(path, "a", 0o600)); // an image is not there yet
  const disk = openSync(path, "r+");
  for (let at = 0; at < sizeBytes; at += mebi)
    writeSync(disk, Buffer.alloc(mebi, 1 + ((at / mebi) % 250)), 0, mebi, at);
  closeSync(disk);
}
