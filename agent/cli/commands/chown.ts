import { KrStorageError } from "../../../provider/model/errors";
import { poolOf } from "../../../provider/storage/arguments";
import { applyChown, type OwnerChange, planChown } from "../../../provider/storage/chown";
import type { Command } from "../command";
import { exitCodes } from "../exitCodes";
import type { Session } from "../session";

export const chown: Command = {
  options: [
    { flags: "--from <owner>", description: 'the owner now, or its beginning, such as "shop/prod"', required: true },
    { flags: "--to <owner>", description: "what stands in its place afterwards", required: true },
    { flags: "--pool <pool>", description: "only in this pool (default: in all)" },
    { flags: "--dry-run", description: "print the plan, and change nothing" },
  ],
  details:
    'Owners are "<project>/<stack>/<kind>/<name>"; whole parts between the strokes are matched. After a project or stack\n' +
    "was renamed, run this before the next up: the state goes on holding its objects, and no data is touched.",
  examples: [
    ["chown --from shop/dev --to store/dev --dry-run", "what would change"],
    ["chown --from shop/dev --to store/dev", "after the project shop became store"],
  ],
  async run(session, args) {
    const [from, to, only] = [args.text("from") ?? "", args.text("to") ?? "", args.text("pool")];
    const dryRun = args.flag("dryRun");
    const plan = await planChown(session.storage, from, to, only === undefined ? undefined : poolOf(only));
    const kept = plan.filter((change) => change.kept !== undefined);
    const wanted = plan.filter((change) => change.kept === undefined);
    const { changed, failed } = dryRun ? { changed: wanted, failed: [] } : await applyAll(session, wanted);
    const rows = [
      ...changed.map((change) => [change.id, dryRun ? "would be changed" : "changed", change.from, change.to]),
      ...kept.map((change) => [change.id, `stays: ${change.kept}`, change.from, ""]),
      ...failed.map((change) => [change.id, `failed: ${change.error.message}`, change.from, ""]),
    ];
    return {
      json: { dryRun, changed, kept, failed },
      text: rows.length === 0 ? [`Nothing belongs to ${from}.`] : [{ columns: ["ID", "WHAT", "FROM", "TO"], rows }],
      exitCode: failed[0] ? exitCodes[failed[0].error.code] : 0,
    };
  },
};

/** Each on its own: one that has changed meanwhile keeps no other back. What was interrupted is finished by running it again. */
async function applyAll(session: Session, plan: OwnerChange[]) {
  const changed: OwnerChange[] = [];
  const failed: (OwnerChange & { error: KrStorageError })[] = [];
  for (const change of plan) {
    const [backend = "", pool = ""] = change.id.split("/");
    try {
      await applyChown(session.storage, { backend, pool }, change);
      changed.push(change);
    } catch (error) {
      if (!KrStorageError.isInstance(error) || session.signal.aborted) throw error;
      failed.push({ ...change, error });
    }
  }
  return { changed, failed };
}
