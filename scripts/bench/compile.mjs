// Compiles sdk/, provider/ and agent/ into the workspace. Neither dist/ nor node_modules of the clone is touched: tests may be running on them.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StepError } from "../lib/console.mjs";
import { inRoot, root } from "../lib/paths.mjs";
import { runTool } from "../lib/run.mjs";

export function requireDependencies() {
  if (!existsSync(inRoot("node_modules", "@pulumi", "pulumi")))
    throw new StepError("The dependencies are not installed. Run: npm ci");
}

/** Compiles what is in the clone now; `folder` is where krstorage's package.json lies. */
export async function compileInto(folder) {
  const project = join(folder, "tsconfig.json");
  const compilerOptions = {
    rootDir: root,
    outDir: join(folder, "dist"),
    incremental: false,
    tsBuildInfoFile: null,
    declaration: false,
    sourceMap: true,
    typeRoots: [inRoot("node_modules", "@types")],
  };
  const include = ["sdk", "provider", "agent"].map((part) => inRoot(part));
  writeFileSync(project, JSON.stringify({ extends: inRoot("tsconfig.json"), compilerOptions, include }));
  const { code, output } = await runTool("typescript/bin/tsc", ["-p", project, "--pretty", "false"]);
  if (code !== 0) throw new StepError(`The build failed:\n${output.trimEnd()}`);
}
