import type { DeviceClass, HealthCheck, HealthStatus, Nodes } from "../../provider/drivers/driver";

/** What the metrics show of what a backend stands on. */
export interface NodeSummary {
  readonly status: HealthStatus;
  readonly checks: readonly HealthCheck[];
  readonly nodes: number;
  readonly devices: number;
  readonly devicesUp: number;
  readonly devicesIn: number;
  readonly classes: readonly DeviceClass[];
}

export function summarizeNodes({ health, nodes, classes }: Nodes): NodeSummary {
  const devices = nodes.flatMap((node) => node.devices);
  return {
    status: health.status,
    checks: health.checks.filter(({ isMuted }) => !isMuted),
    nodes: nodes.length,
    devices: devices.length,
    devicesUp: devices.filter(({ isUp }) => isUp).length,
    devicesIn: devices.filter(({ isIn }) => isIn).length,
    classes,
  };
}
