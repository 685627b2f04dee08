/** Which host serves the resources of a program: Pulumi's dynamic provider, or the plugin. */
export type Host = "dynamic" | "plugin";

let chosen: Host | undefined;

/** Decides for the whole program. One stack is served by one host, so that every module of it, libraries included, means the same. */
export function chooseHost(host: Host): void {
  if (chosen !== undefined && chosen !== host)
    throw new Error(
      `krstorage is in use with its ${chosen} host already; import "krstorage/plugin" first in the program, before anything that imports "krstorage"`,
    );
  chosen = host;
}

/** The host that was chosen, which from now on stays: the dynamic one if nothing was said. */
export function currentHost(): Host {
  chosen ??= "dynamic";
  return chosen;
}
