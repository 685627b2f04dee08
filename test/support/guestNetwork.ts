import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { superuserPath } from "./guestKernel";

/**
 * A network for one guest, in which 127.0.0.1 is this computer: a switch, and a gateway that opens for each of the guest's connections one
 * of its own. This computer's own network stays as it is, and no right is needed.
 */
export interface GuestNetwork {
  /** What a guest is started with to be in it. */
  device: string;
  /** What a guest runs to reach 127.0.0.1 by it, as root. It has no way to anywhere else. */
  setUp: string;
  end(): Promise<void>;
}

/** Starts it in a folder of the test's own. It ends with this process, however that comes about. */
export async function guestNetwork(folder: string): Promise<GuestNetwork> {
  const socket = join(folder, "switch");
  const started: Program[] = [];
  try {
    const tap = new Program("vde_switch", ["--sock", socket]);
    started.push(tap);
    while (!existsSync(join(socket, "ctl"))) {
      tap.requireRunning();
      await sleep(20);
    }
    started.push(new Program("slirpvde", ["--socket", socket, "--network", "10.0.2.0"]));
  } catch (error) {
    for (const each of started) await each.end();
    throw error;
  }
  return {
    device: `eth0=daemon,,unix,${join(socket, "ctl")}`,
    // Its own loopback stays down, so that 127.0.0.1 is not the guest itself
    setUp: `ip address add 10.0.2.15/24 dev eth0
ip link set eth0 up
ip route add 127.0.0.0/8 via 10.0.2.2 src 10.0.2.15
echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet
`,
    async end() {
      for (const each of started.reverse()) await each.end();
    },
  };
}

/** One that runs until it is ended. */
class Program {
  private readonly process: ChildProcess;
  private readonly ended: Promise<void>;
  private complaint = "";

  constructor(
    private readonly name: string,
    args: string[],
  ) {
    const env = { ...process.env, PATH: superuserPath() };
    // The switch ends where its input does
    this.process = spawn("setpriv", ["--pdeathsig", "KILL", name, ...args], { stdio: "pipe", env });
    for (const stream of [this.process.stdout, this.process.stderr])
      stream?.on("data", (chunk) => {
        this.complaint += chunk;
      });
    this.ended = new Promise((settle) => this.process.on("exit", () => settle()));
  }

  requireRunning(): void {
    if (this.process.exitCode !== null || this.process.signalCode !== null)
      throw new Error(`${this.name} ended: ${this.complaint}`);
  }

  async end(): Promise<void> {
    this.process.kill("SIGKILL");
    await this.ended;
  }
}
