import { registry } from "./registry";

/** Options that every command takes; see `addGlobalOptions`. */
const globalOptions = ["--config", "--json", "--no-color", "--progress", "--help"];

interface Words {
  name: string;
  summary: string;
  options: string[];
}

function commandWords(): Words[] {
  return registry.map(({ name, summary, load }) => ({
    name,
    summary,
    options: [...(load().options ?? []).map(({ flags }) => flags.split(" ")[0] ?? ""), ...globalOptions],
  }));
}

function bash(): string {
  const words = commandWords();
  const firsts = [...new Set(words.map(({ name }) => name.split(" ")[0] ?? ""))];
  const groups = firsts.filter((first) => words.some(({ name }) => name.startsWith(`${first} `)));
  const seconds = (group: string) =>
    words.flatMap(({ name }) => (name.startsWith(`${group} `) ? [name.slice(group.length + 1)] : []));
  return [
    "# Completion of krstorage for bash.",
    "_krstorage() {",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the shell's
    '  local word="${COMP_WORDS[COMP_CWORD]}" command="" choices="" at',
    "  for ((at = 1; at < COMP_CWORD; at++)); do",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the shell's
    '    case "${COMP_WORDS[at]}" in -*) ;; *) command="$command ${COMP_WORDS[at]}" ;; esac',
    "  done",
    '  case "$command " in',
    ...words.map(({ name, options }) => `    " ${name} "*) choices="${options.join(" ")}" ;;`),
    ...groups.map((group) => `    " ${group} "*) choices="${seconds(group).join(" ")}" ;;`),
    `    " ") choices="${[...firsts, ...globalOptions].join(" ")}" ;;`,
    "  esac",
    '  case "$word" in',
    "    -*) ;;",
    '    *) case "$choices" in --*) compopt -o default 2>/dev/null; return ;; esac ;;',
    "  esac",
    '  mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$word")',
    "}",
    "complete -F _krstorage krstorage",
    "",
  ].join("\n");
}

function zsh(): string {
  const words = commandWords();
  const describe = (text: string) => text.replaceAll("'", "'\\''").replaceAll(":", "\\:");
  const firsts = new Map(
    words.map(({ name, summary }) => [name.split(" ")[0] ?? "", name.includes(" ") ? "" : summary]),
  );
  return [
    "#compdef krstorage",
    "_krstorage() {",
    "  local -a commands",
    "  commands=(",
    ...[...firsts].map(([name, summary]) => `    '${name}:${describe(summary)}'`),
    "  )",
    "  if ((CURRENT == 2)); then _describe command commands; return; fi",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the shell's
    '  case "${words[2]} ${words[3]}" in',
    ...words.map(
      ({ name, options }) => `    '${name}'${name.includes(" ") ? "" : "' '*"}) compadd -- ${options.join(" ")} ;;`,
    ),
    `    'config '*) compadd -- ${words.flatMap(({ name }) => (name.startsWith("config ") ? [name.slice(7)] : [])).join(" ")} ;;`,
    "  esac",
    "  _files",
    "}",
    '[ "$funcstack[1]" = "_krstorage" ] && _krstorage "$@" || compdef _krstorage krstorage',
    "",
  ].join("\n");
}

function fish(): string {
  const quoted = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = commandWords().flatMap(({ name, summary, options }) => {
    const [first = "", second] = name.split(" ");
    const used = `__fish_seen_subcommand_from ${first}`;
    const condition = second === undefined ? used : `${used}; and __fish_seen_subcommand_from ${second}`;
    return [
      second === undefined
        ? `complete -c krstorage -n __fish_use_subcommand -f -a ${first} -d ${quoted(summary)}`
        : `complete -c krstorage -n ${quoted(used)} -f -a ${second} -d ${quoted(summary)}`,
      ...options.map((option) => `complete -c krstorage -n ${quoted(condition)} -l ${option.slice(2)}`),
    ];
  });
  const groups = [...new Set(registry.flatMap(({ name }) => (name.includes(" ") ? [name.split(" ")[0] ?? ""] : [])))];
  const parents = groups.map((group) => `complete -c krstorage -n __fish_use_subcommand -f -a ${group}`);
  return ["# Completion of krstorage for fish.", ...parents, ...lines, ""].join("\n");
}

/** The completion script of each shell. It is made from the registry and needs no call of krstorage while typing. */
export const shells = { bash, zsh, fish };
export type Shell = keyof typeof shells;
