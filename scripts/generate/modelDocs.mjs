// The doc comments of the model: zod keeps none at run time, so the TypeScript compiler is asked for them.
import { readFileSync } from "node:fs";
import ts from "typescript";
import { inRoot } from "../lib/paths.mjs";

/** Reads the documentation of what the files export. Types are followed along zod's own structure. */
export function readDocs(files) {
  const options = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    strict: true,
    skipLibCheck: true,
    types: ["node"],
  };
  const program = ts.createProgram(
    files.map((file) => inRoot(file)),
    options,
  );
  const checker = program.getTypeChecker();

  const exportsOf = (file) => {
    const symbol = checker.getSymbolAtLocation(program.getSourceFile(inRoot(file)));
    return symbol ? checker.getExportsOfModule(symbol) : [];
  };
  const typeOf = (symbol) => checker.getTypeOfSymbol(symbol);
  const member = (type, name) => {
    const symbol = type && checker.getPropertyOfType(type, name);
    return symbol && typeOf(symbol);
  };
  const textOf = (symbol) =>
    ts
      .displayPartsToString(symbol.getDocumentationComment(checker))
      .replace(/\s*\n(?!\n)\s*/g, " ")
      .trim();
  const isInternal = (symbol) => symbol.getJsDocTags(checker).some((tag) => tag.name === "internal");

  /** The properties of an object type: `{ [name]: { text, internal, type } }`. */
  const properties = (type) =>
    Object.fromEntries(
      (type ? checker.getPropertiesOfType(type) : []).map((symbol) => [
        symbol.name,
        { text: textOf(symbol), internal: isInternal(symbol), type: typeOf(symbol) },
      ]),
    );
  return {
    /** What a file exports, by name. */
    exported: (file) =>
      Object.fromEntries(
        exportsOf(file).map((symbol) => [symbol.name, { text: textOf(symbol), type: typeOf(symbol) }]),
      ),
    properties,
    member,
    /** The types of a tuple or array type's elements. */
    elements: (type) => (type ? checker.getTypeArguments(type) : []),
  };
}

/** The doc comment of a class, without its tags. Only parsed: the types of the SDK would cost seconds. */
export function classDoc(file, name) {
  const source = ts.createSourceFile(file, readFileSync(inRoot(file), "utf8"), ts.ScriptTarget.ES2022, true);
  const found = source.statements.find((each) => ts.isClassDeclaration(each) && each.name?.text === name);
  const comment = found && ts.getJSDocCommentsAndTags(found).find(ts.isJSDoc)?.comment;
  return (
    comment &&
    ts
      .getTextOfJSDocComment(comment)
      .replace(/\s*\n(?!\n)\s*/g, " ")
      .trim()
  );
}
