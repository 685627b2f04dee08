import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GuestKernel, superuserPath } from "../../support/guestKernel";
import { type GuestNetwork, guestNetwork } from "../../support/guestNetwork";
import { umlModules } from "../../support/requires";

const mark = "@krs ";
/** How long a command may take before something is wrong with the test itself. */
const longestMs = 90_000;

/**
 * A machine that uses a cluster of this computer by Linux's own clients, which this computer's kernel need not have. It sees this computer's
 * files and changes none: `/etc/ceph` and `/mnt` are its own and empty, and nothing but the network leads to the cluster.
 */
export class LinuxGuest {
  private commands = 0;
  private readonly waiting = new Map<string, (code: number) => void>();

  private constructor(
    private readonly folder: string,
    private readonly kernel: GuestKernel,
    private readonly network: GuestNetwork,
  ) {}

  /** Switches one on. Takes two or three seconds. */
  static async boot(): Promise<LinuxGuest> {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "krs-guest-")));
    mkdirSync(join(folder, "lib"));
    symlinkSync(umlModules, join(folder, "lib", "modules"));
    writeFileSync(join(folder, "modprobe"), `#!/bin/sh\nexec modprobe -d ${folder} "$@"\n`, { mode: 0o755 });
    const guest = new LinuxGuest(folder, new GuestKernel(folder, "guest"), await guestNetwork(folder));
    try {
      const { device, setUp } = guest.network;
      await guest.answer("up", () =>
        guest.kernel.boot({ init: initOf(folder, setUp), root: "ro", devices: [device] }, (line) => guest.hear(line)),
      );
      return guest;
    } catch (error) {
      await guest.end();
      throw error;
    }
  }

  /** Runs a script in it, as root. What it prints, or an error that has it. */
  async run(script: string): Promise<string> {
    this.commands += 1;
    const name = `command-${this.commands}`;
    const [file, output] = [join(this.folder, name), join(this.folder, `${name}.output`)];
    writeFileSync(file, script, { mode: 0o600 });
    const code = await this.answer(name, () => this.kernel.type(name));
    const said = readFileSync(output, "utf8");
    if (code !== 0) throw new Error(`${script} ended with ${code} in the guest: ${said}`);
    return said;
  }

  async end(): Promise<void> {
    await this.kernel.kill();
    await this.network.end();
    rmSync(this.folder, { recursive: true });
  }

  /** Begins something, and resolves with the code with which the guest tells that it is done. */
  private async answer(name: string, begin: () => void): Promise<number> {
    let late: NodeJS.Timeout | undefined;
    try {
      return await new Promise<number>((settle, fail) => {
        const giveUp = (what: string) =>
          fail(new Error(`${name}: ${what}; the guest's console: ${this.kernel.console()}`));
        late = setTimeout(() => giveUp("no answer"), longestMs);
        this.waiting.set(name, settle);
        begin();
        this.kernel.silence().then(() => giveUp("the guest has ended"), fail);
      });
    } finally {
      clearTimeout(late);
      this.waiting.delete(name);
    }
  }

  private hear(line: string): void {
    const at = line.indexOf(mark);
    if (at < 0) return;
    const [name = "", code] = line.slice(at + mark.length).split(" ");
    this.waiting.get(name)?.(Number(code));
  }
}

/** Each line that is typed names a script, whose end is told. Modules of this kernel are where none are looked for, so it is told. */
const initOf = (folder: string, network: string): string => `#!/bin/sh
set -e
export PATH=${superuserPath()} HOME=/run LC_ALL=C MODPROBE_OPTIONS="-d ${folder}"
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev 2>/dev/null || true
mount -t hostfs -o ${folder} none ${folder}
for own in /run /mnt /etc/ceph; do mount -t tmpfs -o mode=755 none $own; done
echo ${folder}/modprobe > /proc/sys/kernel/modprobe
echo guest > /proc/sys/kernel/hostname
${network}
echo "${mark}up 0"
while read -r name; do
  code=0
  sh -e "${folder}/$name" < /dev/null > "${folder}/$name.output" 2>&1 || code=$?
  echo "${mark}$name $code"
done
`;
