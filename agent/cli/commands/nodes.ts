import type { Device, HealthStatus } from "../../../provider/drivers/driver";
import { KrStorageError } from "../../../provider/model/errors";
import { formatBytes } from "../../../provider/model/quantity";
import { type BackendNodes, nodesOf } from "../../../provider/storage/nodes";
import type { Command } from "../command";
import { askBackends, type Gathered } from "../everyPool";
import type { Block, Cell, Column, Tone } from "../output/blocks";
import type { Session } from "../session";
import { unconfigured } from "../unconfigured";

export const nodes: Command = {
  arguments: [{ name: "[backend]", description: "a backend by its name; without it all that have nodes are shown" }],
  details:
    "What a backend stands on, as it says itself: its health, its machines with their disks, and the room by class of " +
    "disk. That room is raw: a pool that keeps three copies can promise a third of it (df shows what pools can). A disk " +
    "that is up answers; one that is in is given data. Only looks: adding disks, and taking them out, is the work of " +
    "whoever runs the cluster.",
  examples: [
    ["nodes", "the nodes and disks of every backend"],
    ["nodes main --json", "one backend, for programs"],
  ],
  async run(session, args) {
    const { found, problems, exitCode } = await askNodes(session, args.optional(0));
    const backends = found.filter((nodesFound) => nodesFound !== undefined);
    const seen = new Set([...backends.map(({ backend }) => backend), ...problems.map(({ target }) => target)]);
    const without =
      args.optional(0) === undefined ? session.storage.backendNames().filter((name) => !seen.has(name)) : [];
    return { json: { backends, without, problems }, text: textOf(session, backends, without), exitCode };
  },
};

async function askNodes(session: Session, name: string | undefined): Promise<Gathered<BackendNodes | undefined>> {
  if (name === undefined) return askBackends(session, (backend) => nodesOf(session.storage, backend));
  const found = await nodesOf(session.storage, name);
  if (found) return { found: [found], problems: [], exitCode: 0 };
  throw new KrStorageError("UNSUPPORTED", sentenceWithout(session, name), { target: name });
}

function sentenceWithout(session: Session, name: string): string {
  return `backend "${name}" is of type ${session.storage.backend(name).type}, which has no nodes and disks of its own to show; krstorage df shows its room`;
}

function textOf(session: Session, backends: BackendNodes[], without: string[]): Block[] {
  const blocks: Block[][] =
    backends.length === 0 ? [] : [[healthTable(backends)], [deviceTable(backends)], [classTable(backends)]];
  const silent = without.map((name) => sentenceWithout(session, name));
  if (silent.length > 0)
    blocks.push(backends.length > 0 ? silent : (unconfigured(session, "There are no nodes") ?? silent));
  return blocks.flatMap((block, index) => (index === 0 ? block : ["", ...block]));
}

export const healthTones: Record<HealthStatus, Tone> = { ok: "good", warning: "warn", failing: "bad" };

function healthTable(backends: BackendNodes[]): Block {
  const rows = backends.flatMap(({ backend, health: { status, word, checks } }): Cell[][] => {
    const health: Cell = { text: word, tone: healthTones[status] };
    if (checks.length === 0) return [[backend, health, "", ""]];
    return checks.map(({ code, status: grade, message, isMuted }) => [
      backend,
      health,
      isMuted ? { text: `${code} (muted)`, tone: "dim" } : { text: code, tone: healthTones[grade] },
      message,
    ]);
  });
  return { columns: ["BACKEND", "HEALTH", "CHECK", "WHAT IT SAYS"], rows };
}

function deviceTable(backends: BackendNodes[]): Block {
  const rows = backends.flatMap(({ backend, nodes: all }) =>
    all.flatMap(({ name, devices }): Cell[][] =>
      devices.length === 0
        ? [[backend, name, "none", "", ""]]
        : devices.map((device) => [backend, name, device.name, device.class ?? "", stateCell(device)]),
    ),
  );
  return { columns: ["BACKEND", "NODE", "DISK", "CLASS", "STATE"], rows };
}

function stateCell({ isUp, isIn }: Device): Cell {
  const text = `${isUp ? "up" : "down"}, ${isIn ? "in" : "out"}`;
  return { text, tone: isUp ? (isIn ? "good" : "warn") : "bad" };
}

function classTable(backends: BackendNodes[]): Block {
  const rows = backends.flatMap(({ backend, classes }) =>
    classes.map(({ name, totalBytes, freeBytes }): Cell[] => [
      backend,
      name,
      ...[totalBytes, totalBytes - freeBytes, freeBytes].map(formatBytes),
    ]),
  );
  const sizes = ["RAW TOTAL", "RAW USED", "RAW FREE"].map((title): Column => ({ title, align: "right" }));
  return { columns: ["BACKEND", "CLASS", ...sizes], rows };
}
