import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { credentialBackend } from "./support/credentialBackend";
import type { EngineHost } from "./support/engineHost";
import { expectSentence } from "./support/scene";
import { expectFailure, expectSuccess, TestStack, temporaryFolder } from "./support/testStack";

/** A backend that is logged in to. */
export interface SecretBackend {
  env: NodeJS.ProcessEnv;
  /** Its options that are none; with `[0]` after a key of the first of several. */
  options: Record<string, string>;
  secret: { key: string; value: string };
  /** A secret that it does not accept. */
  wrong?: string;
  /** Names of volumes whose creation fails with an error that has the secret in it. */
  leaks: string[];
  /** What is printed where the secret would have been. */
  expected?: RegExp;
}

/** Runs the tests in a host, on a backend. */
export function describeSecrets(
  host: EngineHost,
  makeBackend: (folder: string) => SecretBackend = credentialBackend,
): void {
  test("AC-36 a backend's password is in no output, log, error or state, at debug level", async () => {
    const folder = temporaryFolder("secrets");
    const project = join(folder, "project");
    mkdirSync(project);
    const { env, options, secret, wrong, leaks, expected } = makeBackend(folder);
    const secrets = [secret.value, ...(wrong === undefined ? [] : [wrong])];
    const stack = new TestStack({
      folder: project,
      config: {},
      env: { KRSTORAGE_LOG: "debug", ...env },
      host,
    });
    await stack.init();
    const set = async (key: string, value: string, ...flags: string[]) =>
      expectSuccess(
        await stack.pulumi("config", "set", "--path", ...flags, "--", `krstorage:backends.main.${key}`, value),
      );
    for (const [key, value] of Object.entries(options)) await set(key, value);
    await set(secret.key, secret.value, "--secret");

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
    for (const name of leaks) {
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
    if (wrong !== undefined) {
      await set(secret.key, wrong, "--secret");
      expectSentence(expectFailure(await run("preview")), /does not accept/);
      await set(secret.key, secret.value, "--secret");
    }
    expectSuccess(await run("refresh", "--yes"));
    expectSuccess(await run("destroy", "--yes"));

    // At this level the engine itself logs the configuration that it hands to a provider. Those lines are not ours to change
    const ours = printed
      .flatMap((output) => output.split("\n"))
      .filter((line) => secrets.some((each) => line.includes(each)) && !isEnginesOwn(line));
    expect(ours).toEqual([]);
    if (expected) expect(printed.join("\n")).toMatch(expected);
    for (const file of allFiles(join(project, "state")))
      for (const each of secrets) expect(readFileSync(file, "utf8")).not.toContain(each);
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
