import { printableJson } from "../output/printable";

/** A piece of TypeScript that stands as it is, where a value would be written out. */
export class Code {
  constructor(readonly text: string) {}
}

const longestLine = 110;

/** A plain value as TypeScript, on one line where it is short. Text from a backend is escaped, so that nothing hides in it. */
export function literal(value: unknown, indent = ""): string {
  if (value instanceof Code) return value.text;
  if (typeof value !== "object" || value === null) return printableJson(value);
  const inner = `${indent}  `;
  const [open, parts, close] = Array.isArray(value)
    ? (["[", value.map((item) => literal(item, inner)), "]"] as const)
    : (["{", membersOf(value, inner), "}"] as const);
  if (parts.length === 0) return `${open}${close}`;
  const space = open === "{" ? " " : "";
  const line = `${open}${space}${parts.join(", ")}${space}${close}`;
  if (!line.includes("\n") && indent.length + line.length <= longestLine) return line;
  return `${open}\n${parts.map((part) => `${inner}${part},\n`).join("")}${indent}${close}`;
}

function membersOf(value: object, indent: string): string[] {
  return Object.entries(value).map(([key, member]) => `${keyOf(key)}: ${literal(member, indent)}`);
}

function keyOf(key: string): string {
  if (key === "__proto__") return `["${key}"]`; // a plain key of this name would be no property
  return /^[A-Za-z_]\w*$/.test(key) ? key : printableJson(key);
}
