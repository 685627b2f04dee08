import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { describeWith, engineBin } from "../support/requires";
import { pluginHost } from "./support/engineHost";
import { localBackend } from "./support/localBackend";
import { expectSentence } from "./support/scene";
import { expectSuccess, TestStack, temporaryFolder } from "./support/testStack";

const run = promisify(execFile);
const root = join(__dirname, "..", "..", "..");

describeWith(
  { needs: ["pythonHost", "codegen"] },
  "a program in Python, with the SDK that is generated of the schema",
  () => {
    const folder = temporaryFolder("python");
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    test("examples/python: previewed, made, unchanged, and ended", async () => {
      const backend = localBackend(folder);
      const [generated, project] = [join(folder, "generated"), join(folder, "project")];
      await run(join(process.env.KRSTORAGE_TEST_CODEGEN_BIN as string, "codegen"), [
        join(root, "schema.json"),
        generated,
      ]);
      mkdirSync(project);
      const environment = process.env.KRSTORAGE_TEST_PYTHON_ENVIRONMENT as string;
      const installed = join(folder, "installed");
      const pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--no-build-isolation",
      ];
      await run(join(environment, "bin", "python3"), [...pip, "--target", installed, join(generated, "python")]);
      const path = [
        join(environment, "bin"), // as an activated environment: the host that can be built ignores the project's `virtualenv`
        pluginHost.path,
        engineBin(),
        process.env.KRSTORAGE_TEST_PYTHON_BIN,
        process.env.PATH,
      ];
      const stack = new TestStack({
        folder: project,
        config: { "krstorage:backends": backend.config(), "krstorage:stackId": "python" },
        env: { PATH: path.join(delimiter), PYTHONPATH: installed, PYTHONDONTWRITEBYTECODE: "1" },
        host: pluginHost,
        runtime: "python",
      });
      const example = join(root, "examples", "python");
      cpSync(join(example, "__main__.py"), join(project, "__main__.py"));
      const projectFile = readFileSync(join(example, "Pulumi.yaml"), "utf8");
      writeFileSync(
        join(project, "Pulumi.yaml"),
        projectFile.replace("virtualenv: .venv", `virtualenv: ${environment}`),
      );
      await stack.init();
      expectSentence(expectSuccess(await stack.preview()), /\+ 7 to create/);
      expectSentence(expectSuccess(await stack.up()), /\+ 7 created/);
      expectSuccess(await stack.preview("--expect-no-changes"));
      expectSuccess(await stack.refresh("--expect-no-changes"));
      const outputs = expectSuccess(await stack.pulumi("stack", "output", "--json")).output;
      expect(JSON.parse(outputs.slice(outputs.indexOf("{")))).toMatchObject({
        copyBytes: 8 * 2 ** 20,
        disk: { type: "file", format: "raw", ioTune: { total_iops_sec: 2000 } },
      });
      expect((await backend.policies("main/ssd")).attached).toMatchObject([{ id: "main/ssd/pgdata" }]);
      expectSuccess(await stack.destroy());
      const live = (await backend.list("main/ssd")).filter(({ phase }) => phase === "live");
      expect(live).toEqual([]);
    }, 180_000);
  },
);
