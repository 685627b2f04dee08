import { rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { registry } from "../../../agent/cli/registry";
import { CliScene } from "./support/cliScene";
import { DocumentRun, documentLines, documents, needsEngine, runsForEver } from "./support/documentRun";

test("every command line of docs/cli.md works as it stands", async () => {
  const scene = await CliScene.start();
  try {
    const { uid } = await scene.volume("pgdata");
    const web = await scene.volume("web");
    await scene.using((storage) => storage.setConsumers(web.id, ["vm/web"]));
    const { connection } = await scene.volume("lost");
    const lostFile = connection?.type === "file" ? connection.path : undefined;
    const lose = () => lostFile !== undefined && rmSync(dirname(lostFile), { recursive: true });
    writeFileSync(`${scene.folder}/dev.json`, JSON.stringify({ deployment: { resources: [{ outputs: { uid } }] } }));
    rmSync(scene.configFile); // the first step of the document writes it
    const run = new DocumentRun(scene);
    const failures: string[] = [];
    for (const line of documentLines().filter((one) => !needsEngine(one) && !runsForEver(one))) {
      if (line === "krstorage forget main/ssd/lost") lose();
      const { code, stderr } = await run.line(line);
      if (code !== 0) failures.push(`${line}: ${code} ${stderr}`);
    }
    expect(failures).toEqual([]);
  } finally {
    scene.end();
  }
}, 120_000);

test("every command is shown in a document, and all are in the table of docs/cli.md", () => {
  const texts = documents();
  const unseen = registry.filter(({ name }) => !texts.some((text) => text.includes(`krstorage ${name}`)));
  expect(unseen.map(({ name }) => name)).toEqual([]);
  const table = texts.find((text) => text.includes("<!-- commands -->")) ?? "";
  expect(registry.filter(({ name }) => !table.includes(`| \`${name}\` |`))).toEqual([]);
});
