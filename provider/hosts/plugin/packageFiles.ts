import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Where package.json and schema.json are, seen from the compiled file. */
const root = join(__dirname, "..", "..", "..", "..");

/** The version of this package, which is the plugin's and the schema's. */
export function version(): string {
  const { version: text } = JSON.parse(fileText("package.json")) as { version: string };
  return text;
}

/** The package's schema, as `npm run generate` wrote it. */
export function schemaText(): string {
  return fileText("schema.json");
}

function fileText(name: string): string {
  return readFileSync(join(root, name), "utf8");
}
