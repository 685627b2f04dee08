// What is in the pool main/ssd, as lines "<name> <uid>": the inventory that is left when a state is lost.
//   node uids.js <folder>
const { openStorage } = require("krstorage/storage");

async function main(path) {
  const storage = openStorage({ backends: { main: { type: "local", path } } });
  console.log("ssd", (await storage.getPool("main/ssd")).uid);
  for (const { id, uid, phase } of await storage.list("main/ssd"))
    if (phase === "live") console.log(id.split(/[/@]/).at(-1), uid);
  for (const { name, uid } of await storage.listPolicies("main/ssd")) console.log(name, uid);
  await storage.close();
}
void main(process.argv[2]);
