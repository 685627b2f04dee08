import { KrStorageError } from "../../../provider/model/errors";
import { snapshotPolicy } from "../../../provider/model/snapshotPolicy";
import { type Simulation, simulate, simulatedAt } from "../../../provider/retention";
import { agentPort } from "../../run/agentPort";
import { lookAtBackend } from "../../run/look";
import { PolicyBook } from "../../run/policyBook";
import type { Arguments, Command } from "../command";
import type { Cell } from "../output/blocks";
import type { Session } from "../session";

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const barWidth = 30;
/** When people ask how it will look: after so many days, as far as the simulation goes. */
const days = [1, 7, 30, 90, 180, 365, 2 * 365, 3 * 365, 5 * 365, 10 * 365];

export const policySimulate: Command = {
  arguments: [{ name: "[policy]", description: "a policy, by name or uid; or give --schedule and --retention" }],
  options: [
    { flags: "--schedule <cron>", description: 'such as "@hourly" or "30 2 * * *"' },
    { flags: "--retention <json>", description: 'such as \'{"keepHourly":24,"keepDaily":7}\'' },
    { flags: "--timezone <zone>", description: "the IANA zone of both (default: the policy's, else UTC)" },
    { flags: "--from <instant>", description: "when it begins (default: now)" },
    { flags: "--years <count>", description: "how far to look (default: 1)" },
    {
      flags: "--change-rate <share>",
      description: "the share of the data that is written anew in a day, for an estimate of space",
    },
  ],
  details: "Runs a policy in thought and shows what would exist, with the longest gap between restore points.",
  examples: [
    ["policy simulate nightly --years 2 --change-rate 0.05", "a policy that is there"],
    [`policy simulate --schedule @hourly --retention '{"keepHourly":24,"keepDaily":7}'`, "one that is not yet"],
  ],
  async run(session, args) {
    const { schedule, retention, timezone, keepAtLeast } = await wantedPolicy(session, args);
    const from = args.text("from") ?? new Date().toISOString();
    const rate = args.text("changeRate");
    const simulation = simulate(retention, schedule, {
      from,
      years: Number(args.text("years") ?? 1),
      timezone,
      ...(keepAtLeast === undefined ? {} : { keepAtLeast }),
      ...(rate === undefined ? {} : { changeRate: Number(rate) }),
    });
    const points = pointsOf(simulation);
    return {
      json: { schedule, timezone, retention, mostSnapshots: simulation.mostSnapshots, points },
      text: [
        `${schedule} (${timezone}) from ${simulation.from.toISOString()}: at most ${simulation.mostSnapshots} snapshots at once`,
        {
          columns: ["AFTER", { title: "SNAPSHOTS", align: "right" }, "", "OLDEST", "LONGEST GAP", "SPACE"],
          rows: rowsOf(points),
        },
      ],
    };
  },
};

function pointsOf(simulation: Simulation) {
  const { from, to } = simulation;
  const inside = days.filter((day) => from.getTime() + day * dayMs < to.getTime());
  const dates = [...inside.map((day) => new Date(from.getTime() + day * dayMs)), to];
  return dates.map((date) => {
    const { restorePoints, longestGap, space } = simulatedAt(simulation, date);
    return {
      at: date.toISOString(),
      days: Math.round((date.getTime() - from.getTime()) / dayMs),
      snapshots: restorePoints.length,
      ...(restorePoints[0] === undefined ? {} : { oldest: restorePoints[0].toISOString() }),
      ...(longestGap === undefined ? {} : { longestGapHours: longestGap.ms / hourMs }),
      ...(space === undefined ? {} : { space }),
    };
  });
}

function rowsOf(points: ReturnType<typeof pointsOf>): Cell[][] {
  const most = Math.max(1, ...points.map(({ snapshots }) => snapshots));
  return points.map(({ days: after, snapshots, oldest, longestGapHours: gap, space }): Cell[] => [
    `${after} d`,
    String(snapshots),
    { text: "█".repeat(Math.round((snapshots / most) * barWidth)), tone: "good" },
    oldest ?? "-",
    gap === undefined ? "-" : spanOf(gap),
    space === undefined ? "-" : `${Math.round(space * 100)} % of the data`,
  ]);
}

function spanOf(hours: number): string {
  if (hours < 1) return `${Math.round(hours * 60)} min`;
  return hours < 48 ? `${Number(hours.toFixed(1))} h` : `${Number((hours / 24).toFixed(1))} d`;
}

/** What is to be simulated: a policy on a backend, with what the command line says in place of what it says. */
async function wantedPolicy(session: Session, args: Arguments) {
  const known = args.optional(0) === undefined ? undefined : await findPolicy(session, args.needed(0));
  const schedule = args.text("schedule") ?? known?.schedule;
  const given = args.text("retention");
  const retention = given === undefined ? known?.retention : parseRetention(given);
  if (schedule === undefined || retention === undefined)
    throw new KrStorageError("INVALID_ARGUMENT", "name a policy, or give both --schedule and --retention");
  return {
    schedule,
    retention,
    timezone: args.text("timezone") ?? known?.timezone ?? "UTC",
    keepAtLeast: known?.keepAtLeast,
  };
}

function parseRetention(text: string) {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new KrStorageError("INVALID_ARGUMENT", `--retention is no JSON; write it such as '{"keepDaily":7}'`);
  }
  const read = snapshotPolicy.inputs.retention.safeParse(value);
  if (read.success) return read.data;
  throw new KrStorageError(
    "INVALID_ARGUMENT",
    `--retention: ${read.error.issues.map(({ message }) => message).join("; ")}`,
  );
}

async function findPolicy({ storage, signal, timing }: Session, name: string) {
  const book = new PolicyBook();
  for (const backend of storage.backendNames())
    book.put(await lookAtBackend(agentPort(storage.backend(backend)), timing, signal));
  const found = [...book.policies().values()].filter((policy) => [policy.uid, policy.name].includes(name));
  const [policy] = found;
  if (!policy) throw new KrStorageError("NOT_FOUND", `there is no policy "${name}"; "krstorage policy ls" lists them`);
  if (found.length > 1)
    throw new KrStorageError(
      "INVALID_ARGUMENT",
      `several policies are named "${name}": ${found.map(({ uid }) => uid).join(", ")}`,
    );
  if ("problem" in policy) throw new KrStorageError("PRECONDITION_FAILED", `policy "${name}": ${policy.problem}`);
  return policy;
}
