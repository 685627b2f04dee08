import { abortCases } from "./cases/abort";
import { cloneCases } from "./cases/clones";
import { companionCases } from "./cases/companions";
import { createCases } from "./cases/create";
import { faultCases } from "./cases/faults";
import { flattenCases } from "./cases/flatten";
import { givenCases } from "./cases/given";
import { identityCases } from "./cases/identity";
import { imageCases } from "./cases/images";
import { keyCases } from "./cases/key";
import { listCases } from "./cases/lists";
import { policyCases } from "./cases/policies";
import { poolRemovalCases } from "./cases/poolRemoval";
import { poolCases } from "./cases/pools";
import { purgeCases } from "./cases/purge";
import { raceCases } from "./cases/races";
import { rollbackCases } from "./cases/rollback";
import { shareSnapshotCases } from "./cases/shareSnapshots";
import { shareCases } from "./cases/shares";
import { sizeCases } from "./cases/size";
import { snapshotCases } from "./cases/snapshots";
import { trashCases } from "./cases/trash";
import { updateCases } from "./cases/update";
import { bindCase, type ContractCase } from "./contractCase";
import type { Harness } from "./harness";

const themes = [
  poolCases,
  poolRemovalCases,
  identityCases,
  createCases,
  raceCases,
  abortCases,
  updateCases,
  givenCases,
  policyCases,
  sizeCases,
  snapshotCases,
  cloneCases,
  imageCases,
  flattenCases,
  keyCases,
  rollbackCases,
  shareCases,
  shareSnapshotCases,
  trashCases,
  companionCases,
  purgeCases,
  listCases,
  faultCases,
];

/** Every case of the driver contract, bound to one backend. They run in any order, one at a time, each on storage of its own. */
export function contractCases(harness: Harness): ContractCase[] {
  return themes.flat().map((definition) => bindCase(definition, harness));
}
