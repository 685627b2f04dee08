import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Example } from "../../engine/support/example";
import { expectSentence } from "../../engine/support/scene";
import { expectFailure, expectSuccess } from "../../engine/support/testStack";
import { describeWith } from "../../support/requires";
import { clusterForTests } from "../support/cephCluster";

describeWith({ needs: ["engine", "ceph"] }, "examples/environments, its stack in Ceph", () => {
  const cluster = clusterForTests();
  const example = new Example("environments");
  afterAll(() => example.remove());

  test("one program: the same ids on a laptop, a server and in Ceph, by configuration alone", async () => {
    const [begin = "", end = "", prod = "", endOfProd = ""] = example.blocks("sh");
    const file = join(example.folder, "Pulumi.prod.yaml");
    const { conf, keyring } = cluster();
    const here = readFileSync(file, "utf8")
      .replace("/etc/ceph/ceph.conf", conf)
      .replace("/etc/ceph/ceph.client.krstorage.keyring", keyring);
    writeFileSync(file, here);
    expectSuccess(await example.shell(begin));
    const { output } = expectSuccess(await example.shell(prod));
    expect(output).toMatch(/^main\/databases\/orders$/m);
    const [laptop, server, ceph] = [
      await example.outputs("laptop"),
      await example.outputs("server"),
      await example.outputs("prod"),
    ];
    expect([laptop.id, server.id, ceph.id]).toEqual(Array(3).fill("main/databases/orders"));
    expect([laptop.disk, server.disk]).toMatchObject([{ type: "file" }, { type: "file" }]);
    expect(ceph.disk).toMatchObject({ type: "rbd", pool: "databases", image: expect.stringMatching(/^orders\./) });
    // It is a real image of that size, with the limits of its class
    const { pool, image } = ceph.disk as { pool: string; image: string };
    const rbd = (...args: string[]) => execFileSync("rbd", ["--conf", conf, ...args, "--format", "json"]).toString();
    expect(JSON.parse(rbd("info", `${pool}/${image}`))).toMatchObject({ size: 2 ** 30 });
    expect(JSON.parse(rbd("config", "image", "ls", `${pool}/${image}`))).toContainEqual(
      expect.objectContaining({ name: "rbd_qos_iops_limit", value: "5000", source: "image" }),
    );
    for (const stack of ["laptop", "server", "prod"])
      expectSuccess(await example.pulumi("preview", "--stack", stack, "--refresh", "--expect-no-changes"));
    expectSentence(expectFailure(await example.pulumi("destroy", "--yes", "--stack", "prod")), /deletionProtection/);
    expectSuccess(await example.shell(end));
    expectSuccess(await example.shell(endOfProd));
  }, 600_000);
});
