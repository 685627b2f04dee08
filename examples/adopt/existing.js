// Stands for whatever made storage before this stack was there: a pool, and a volume in it that holds something.
//   node existing.js <folder>
const { writeFileSync } = require("node:fs");
const { openStorage } = require("krstorage/storage");

async function main(path) {
  const storage = openStorage({ backends: { main: { type: "local", path } }, owner: "another-program" });
  await storage.createPool("main/ssd");
  const { id, uid, connection } = await storage.createVolume("main/ssd/data", { size: "64MiB" });
  writeFileSync(connection.path, "precious bytes", { flag: "r+" });
  console.log(`${id} has the uid ${uid}`);
  await storage.close();
}
void main(process.argv[2]);
