// Formatter and linter in one.
import { runTool } from "./run.mjs";

/** Checks everything; undefined if clean, else what Biome says. */
export async function runBiome() {
  const { code, output } = await runTool("@biomejs/biome/bin/biome", [
    "check",
    "--error-on-warnings",
    "--colors=off",
    "--max-diagnostics=50",
    ".",
  ]);
  return code === 0 ? undefined : output.trimEnd();
}
