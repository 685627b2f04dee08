import { describeDriverContract } from "../../provider/testing";
import { memoryHarness } from "./harnesses/memory";
import { PoorDriver, poor } from "./poor";

describeDriverContract("memory", memoryHarness());
describeDriverContract("memory in a file", memoryHarness({ inFile: true, manyObjects: 100 }));
describeDriverContract(
  "memory that copies nothing in use",
  memoryHarness({
    capabilities: { onlineSnapshot: "none", copyOnWrite: false, shareSnapshot: "none" },
    manyObjects: 20,
  }),
);
describeDriverContract(
  "memory that copies shares in use",
  memoryHarness({ capabilities: { shareSnapshot: "crash" }, manyObjects: 20 }),
);
describeDriverContract(
  "memory that has volumes and nothing else",
  memoryHarness({
    capabilities: { ...poor.capabilities, shareProtocols: [] },
    unsupported: [...poor.unsupported],
    open: (store, env) => new PoorDriver(store, env),
    manyObjects: 20,
  }),
);
