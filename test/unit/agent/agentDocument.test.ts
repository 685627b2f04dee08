import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { registry } from "../../../agent/cli/registry";
import { readAgentConfig } from "../../../agent/config/agentConfig";
import { fencedBlocks } from "../../support/markdown";
import { describeWith } from "../../support/requires";

const document = readFileSync(join(__dirname, "../../../../docs/agent.md"), "utf8");
const yamlBlocks = fencedBlocks(document, "yaml");
const folder = mkdtempSync(join(tmpdir(), "krs-document-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The units in the document, by the name of their file. */
const units = new Map(
  fencedBlocks(document, "ini").flatMap((block) =>
    block.split(/^# \/etc\/systemd\/system\//m).flatMap((part): [string, string][] => {
      const [name = "", ...lines] = part.split("\n");
      return name.trim() === "" ? [] : [[name.trim(), lines.join("\n")]];
    }),
  ),
);
const isCommand = (words: string) => registry.some(({ name }) => name === words);

describe("docs/agent.md", () => {
  test("its configuration is one, and has every setting that there is", () => {
    const file = join(folder, "agent.yaml");
    writeFileSync(file, yamlBlocks[0] ?? "", { mode: 0o600 });
    expect(Object.keys(readAgentConfig(file)).sort()).toEqual([
      "catchUp",
      "fsck",
      "hooks",
      "listen",
      "poll",
      "prunesPerSecond",
      "state",
      "volumeMetrics",
    ]);
  });

  test("its CronJob runs a command that there is, one at a time, from a configuration that no one else reads", () => {
    const manifest = parse(yamlBlocks[1] ?? "") as {
      apiVersion: string;
      kind: string;
      spec: {
        concurrencyPolicy: string;
        jobTemplate: { spec: { template: { spec: { containers: { command: string[] }[]; volumes: unknown[] } } } };
      };
    };
    expect(manifest).toMatchObject({ apiVersion: "batch/v1", kind: "CronJob", spec: { concurrencyPolicy: "Forbid" } });
    const { containers, volumes } = manifest.spec.jobTemplate.spec.template.spec;
    const [npx, krstorage, ...words] = containers[0]?.command ?? [];
    expect([npx, krstorage, isCommand(words.join(" "))]).toEqual(["npx", "krstorage", true]);
    expect(volumes).toMatchObject([{ secret: { defaultMode: 0o400 } }]);
  });

  test("its units run commands that there are", () => {
    expect([...units.keys()]).toEqual([
      "krstorage-agent.service",
      "krstorage-policies.service",
      "krstorage-policies.timer",
    ]);
    const started = [...units.values()].flatMap(
      (text) => /^ExecStart=\/usr\/bin\/krstorage (.*)$/m.exec(text)?.[1] ?? [],
    );
    expect(started.map((words) => [words, isCommand(words)])).toEqual([
      ["agent", true],
      ["policy run", true],
    ]);
  });
});

describeWith({ needs: ["systemd"] }, "the units of docs/agent.md", () => {
  test("systemd finds nothing wrong in them", () => {
    const files = [...units].map(([name, text]) => {
      const path = join(folder, name);
      // The program and the user are those of a host that has krstorage installed
      writeFileSync(path, text.replaceAll("/usr/bin/krstorage", "/bin/true").replace("User=krstorage", "User=root"));
      return path;
    });
    const { stdout, stderr } = spawnSync("systemd-analyze", ["verify", ...files], { encoding: "utf8" });
    expect(`${stdout}${stderr}`.split("\n").filter((line) => line.includes("krstorage"))).toEqual([]);
  });
});
