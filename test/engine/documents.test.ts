import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fencedBlocks } from "../support/markdown";
import { describeWith } from "../support/requires";
import { Project, root } from "./support/example";
import { expectSuccess } from "./support/testStack";

/** Programs and commands of the documents as they stand, but for sizes and places that a test cannot have. */
const smaller = (text: string) => text.replaceAll(/"(20|100)GiB"/g, '"8MiB"');
const blocksIn = (path: string, language: string) => fencedBlocks(readFileSync(join(root, path), "utf8"), language);

describeWith({ needs: ["engine"] }, "documents, through the engine", () => {
  const projects: Project[] = [];
  afterAll(() => {
    for (const project of projects) project.remove();
  });
  const newProject = (): Project => {
    const project = new Project("documents");
    projects.push(project);
    for (const file of ["package.json", "tsconfig.json"])
      cpSync(join(root, "examples", "quickstart", file), join(project.folder, file));
    writeFileSync(join(project.folder, "Pulumi.yaml"), "name: documents\nruntime: nodejs\n");
    return project;
  };

  test("the README's program and commands", async () => {
    const project = newProject();
    const [program = ""] = blocksIn("README.md", "ts");
    const [commands = "", ...others] = blocksIn("README.md", "sh");
    const commandLine = others.find((block) => block.includes("npx krstorage ls")) as string;
    const here = (text: string) => text.replaceAll("/srv/storage", '"$PWD/.local/storage"');
    writeFileSync(join(project.folder, "index.ts"), smaller(program));
    // The package is linked here; package.test.ts installs the file that is packed
    const install = /^npm install \S+\.tgz .*\n/;
    expect(commands).toMatch(install);
    expectSuccess(await project.shell(here(commands.replace(install, ""))));
    expect(await project.outputs()).toMatchObject({ disk: { type: "file", format: "raw" } });
    expectSuccess(await project.pulumi("preview", "--expect-no-changes"));
    expectSuccess(await project.shell(here(commandLine)));
  }, 180_000);

  test("a place for states by the commands of the installation page", async () => {
    const project = newProject();
    const [, login = ""] = blocksIn("docs/installation-configuration.md", "sh");
    expect(login).toContain("pulumi login");
    const without = "unset PULUMI_BACKEND_URL PULUMI_CONFIG_PASSPHRASE\n";
    const lines = `${without}${login}pulumi stack init dev\npulumi config set --secret x y\npulumi whoami --verbose`;
    const { output } = expectSuccess(await project.shell(lines, { HOME: project.folder }));
    expect(output).toContain(`file://${project.folder}/pulumi-states`);
  }, 60_000);

  const programs = blocksIn("docs/_index.md", "ts");
  test.each(programs.map((program, index) => [index + 1, program] as const))(
    "program %i of docs/_index.md, with the commands of the installation page",
    async (_number, program) => {
      const project = newProject();
      const commands = blocksIn("docs/installation-configuration.md", "sh").at(-1) as string;
      writeFileSync(join(project.folder, "index.ts"), smaller(program));
      expectSuccess(await project.shell(`${commands}pulumi up`));
      expectSuccess(await project.pulumi("preview", "--expect-no-changes"));
    },
    120_000,
  );
});

test("the reference site is made without a warning", () => {
  const typedoc = join(root, "node_modules", "typedoc", "bin", "typedoc");
  execFileSync(process.execPath, [typedoc, "--emit", "none"], { cwd: root, stdio: "pipe" });
}, 180_000);
