import { canonicalJson } from "../../../provider/model/kind";
import { kinds } from "../../../provider/model/kinds";
import { Code, literal } from "./literal";
import type { GeneratedResource } from "./resource";

type Inputs = GeneratedResource["declared"]["inputs"];

/**
 * A program in TypeScript that declares resources as they are. Each is declared after what it names; a class that several
 * share stands once, as data, because classes live in states alone and a new one would be a difference.
 */
export function programText(backend: string, resources: readonly GeneratedResource[]): string {
  const classes = new Classes(resources);
  const references = new References(resources);
  const declarations = resources.map((resource) => {
    const { kind, inputs } = resource.declared;
    return { resource, args: literal(withReferences(kind, inputs, references, classes)) };
  });
  const statements = declarations.map(({ resource, args }) => {
    const made = `new ${kinds[resource.declared.kind].name}(${literal(resource.logicalName)}, ${args});`;
    return references.used.has(resource) ? `const ${resource.variable} = ${made}` : made;
  });
  const used = [...new Set(resources.map(({ declared }) => kinds[declared.kind].name))];
  const imports = [...(classes.text.length > 0 ? ["type ClassDefinition"] : []), ...used].sort(byName);
  return [
    `// What backend ${literal(backend)} held when "krstorage generate" looked at it, declared as it is: nothing differs.`,
    `import { ${imports.join(", ")} } from "krstorage/plugin";`,
    "",
    ...classes.text.flatMap((text) => [text, ""]),
    ...statements,
    "",
  ].join("\n");
}

function byName(a: string, b: string): number {
  return a.replace("type ", "") < b.replace("type ", "") ? -1 : 1;
}

/** Resources by what names them in the inputs of others. */
class References {
  readonly used = new Set<GeneratedResource>();
  private readonly byId = new Map<string, GeneratedResource>();

  constructor(resources: readonly GeneratedResource[]) {
    for (const resource of resources) this.byId.set(resource.declared.id, resource);
  }
  /** The resource of that id, so that the program carries the dependency; what is not in the program stays an id. */
  to(id: unknown): unknown {
    const resource = typeof id === "string" ? this.byId.get(id) : undefined;
    if (!resource) return id;
    this.used.add(resource);
    return new Code(resource.variable);
  }
}

/** What an object was made from stays an id: that is history, and depends on nothing any more. */
function withReferences(kind: string, inputs: Inputs, references: References, classes: Classes): Inputs {
  const { targetsSeen: _, ...args } = inputs;
  if (kind !== "pool" && args.pool !== undefined) args.pool = references.to(args.pool);
  if (kind === "snapshot") args.source = references.to(args.source);
  if (Array.isArray(args.targets)) args.targets = args.targets.map((target) => references.to(target));
  if (args.volumeClass !== undefined) args.volumeClass = classes.codeOf(args.volumeClass);
  return args;
}

/** The class definitions that objects were given, each once. */
class Classes {
  readonly text: string[] = [];
  private readonly names = new Map<string, string>();

  constructor(resources: readonly GeneratedResource[]) {
    const taken = new Set(resources.map(({ variable }) => variable));
    for (const { declared } of resources) {
      const definition = declared.inputs.volumeClass;
      const key = canonicalJson(definition ?? null);
      if (definition === undefined || this.names.has(key)) continue;
      let name = `class${this.names.size + 1}`;
      while (taken.has(name)) name += "_";
      this.names.set(key, name);
      this.text.push(`const ${name}: ClassDefinition = ${literal(definition)};`);
    }
  }
  codeOf(definition: unknown): unknown {
    const name = this.names.get(canonicalJson(definition ?? null));
    return name === undefined ? definition : new Code(name);
  }
}
