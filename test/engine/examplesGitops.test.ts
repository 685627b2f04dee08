import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { describeWith } from "../support/requires";
import { Example } from "./support/example";
import { expectFailure, expectSuccess } from "./support/testStack";

interface Step {
  run?: string;
}

describeWith({ needs: ["engine"] }, "example gitops", () => {
  const example = new Example("gitops");
  const file = (...parts: string[]) => join(example.folder, ...parts);
  const program = readFileSync(file("index.ts"), "utf8");
  beforeEach(() => writeFileSync(file("index.ts"), program));
  afterAll(() => example.remove());

  test("CI files run the example's own scripts and nothing else", () => {
    const { scripts } = JSON.parse(readFileSync(file("package.json"), "utf8")) as { scripts: Record<string, string> };
    const allowed = ["npm ci", ...Object.keys(scripts).map((name) => `npm run ${name}`)];
    const github = parse(readFileSync(file(".github", "workflows", "storage.yml"), "utf8")) as {
      jobs: Record<string, { steps: Step[] }>;
    };
    const gitlab = parse(readFileSync(file(".gitlab-ci.yml"), "utf8")) as Record<string, { script?: string }>;
    const githubRuns = Object.values(github.jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
    const gitlabRuns = Object.values(gitlab).flatMap(({ script }) => script ?? []);
    for (const runs of [githubRuns, gitlabRuns]) {
      expect(runs.filter((run) => !allowed.includes(run))).toEqual([]);
      expect(runs).toEqual(expect.arrayContaining(allowed.slice(1)));
    }
  });

  test("preview, deploy, no drift; a refusal fails the preview", async () => {
    const [begin = ""] = example.blocks("sh");
    const { output } = expectSuccess(await example.shell(begin));
    expect(output).toMatch(/\+ 3 to create[\s\S]*\+ 3 created[\s\S]*no drift/);
    writeFileSync(file("index.ts"), program.replace("64MiB", "1MiB"));
    expect(expectFailure(await example.shell("npm run preview")).output).toMatch(/cannot shrink from 64MiB to 1MiB/);
  }, 180_000);

  test("drift is reported and fails, each time, until it is resolved", async () => {
    const disk = (await example.outputs()).disk as { path: string };
    rmSync(dirname(disk.path), { recursive: true });
    for (const _round of [1, 2]) {
      const result = await example.shell("npm run drift");
      expect(result).toMatchObject({ code: 3, output: expect.stringMatching(/DRIFT in stack dev: 1 update/) });
    }
    expect(expectFailure(await example.shell("npm run deploy")).output.replace(/\s+/g, " ")).toMatch(
      /missing from its pool.*recreateIfMissing/,
    );
    const { uid } = (await example.resources()).find(({ urn }) => urn.endsWith("::data"))?.outputs ?? {};
    writeFileSync(file("index.ts"), program.replace("size:", `recreateIfMissing: "${String(uid)}", size:`));
    expectSuccess(await example.shell("npm run deploy"));
    expect(expectSuccess(await example.shell("npm run drift")).output).toContain("no drift");
  }, 300_000);

  test("a second deploy waits for the first, or gives up when its time is over; nothing is made twice", async () => {
    const release = file("release");
    // The first deploy holds the stack's lock for as long as its program runs
    appendFileSync(
      file("index.ts"),
      `\nimport { existsSync } from "node:fs";\nconst wait = () => { if (!existsSync(${JSON.stringify(release)})) setTimeout(wait, 50); };\nif (process.env.HOLD) wait();\n`,
    );
    const first = example.start("HOLD=1 npm run deploy");
    try {
      await lockOf(example);
      const gaveUp = await example.shell("npm run deploy", { LOCK_WAIT: "0" });
      expect(gaveUp.code).toBe(75);
      expect(gaveUp.output).toMatch(/Another update of stack dev is still running, so nothing was changed/);
      const second = example.start("npm run deploy");
      await second.printed(/waiting for it to end/);
      writeFileSync(release, "");
      for (const deploy of [first, second]) expectSuccess(await deploy.ended);
    } finally {
      writeFileSync(release, "");
      await first.ended;
    }
    expect(await example.resources()).toHaveLength(2);
  }, 300_000);
});

/** Waits until an update of the example's stack holds its lock. */
async function lockOf(example: Example): Promise<void> {
  const locks = join((example.env.PULUMI_BACKEND_URL as string).slice("file://".length), ".pulumi", "locks");
  const isHeld = () =>
    existsSync(locks) &&
    readdirSync(locks, { recursive: true, withFileTypes: true }).some((entry) => entry.name.endsWith(".json"));
  while (!isHeld()) await new Promise((resolve) => setTimeout(resolve, 100));
}
