import { KrStorageError } from "../../../provider/model/errors";
import type { Command } from "../command";
import { type Shell, shells } from "../completion";

export const completion: Command = {
  arguments: [{ name: "<shell>", description: `one of ${Object.keys(shells).join(", ")}` }],
  examples: [
    ["completion bash > ~/.local/share/bash-completion/completions/krstorage", "for bash"],
    ["completion zsh > ~/.zfunc/_krstorage", "for zsh, with that folder in fpath"],
    ["completion fish > ~/.config/fish/completions/krstorage.fish", "for fish"],
  ],
  async run(_session, args) {
    const shell = args.needed(0);
    if (!isShell(shell))
      throw new KrStorageError(
        "INVALID_ARGUMENT",
        `there is no completion for "${shell}"; shells are ${Object.keys(shells).join(", ")}`,
      );
    const script = shells[shell]();
    return { json: { shell, script }, text: script.trimEnd().split("\n") };
  },
};

function isShell(text: string): text is Shell {
  return Object.hasOwn(shells, text);
}
