// Calls of the Pulumi CLI on one project with a state folder of its own: no account, no login, no question asked.
import { note, StepError } from "./console.mjs";
import { run, tail } from "./run.mjs";

/** What the CLI needs to know, on top of the engine's environment, to stay within the given folders. */
export const localState = ({ state, home }) => ({
  PULUMI_BACKEND_URL: `file://${state}`,
  PULUMI_HOME: home,
  PULUMI_CONFIG_PASSPHRASE: "",
});

/** Returns `pulumi(args, { show })` for a project folder: its output as text, printed as it comes when `show` is set. */
export function pulumiIn(project, { pulumi, env }) {
  return async (args, { show = false, mayFail = false } = {}) => {
    const lines = byLine(note);
    const flags = ["--non-interactive", "--color=never", "--cwd", project];
    const result = await run(pulumi, [...args, ...flags], { env, onOutput: show ? lines.add : undefined });
    lines.flush();
    if (result.code !== 0 && !mayFail) throw failure(args, result.output, show);
    return result;
  };
}

function failure(args, output, wasShown) {
  const command = `pulumi ${args.filter((argument) => !argument.startsWith("-")).join(" ")}`;
  const explanation = output.includes("currently locked")
    ? "An earlier run was killed and left the stack locked. If no other run is at work: pulumi cancel --yes"
    : `${command} failed.`;
  return new StepError(wasShown ? explanation : `${explanation}\n${tail(output)}`);
}

/** Passes text on in whole lines. */
function byLine(print) {
  let rest = "";
  return {
    add(text) {
      const lines = (rest + text).split("\n");
      rest = lines.pop();
      for (const line of lines) print(line);
    },
    flush() {
      if (rest) print(rest);
      rest = "";
    },
  };
}
