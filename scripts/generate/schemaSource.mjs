// Properties of a schema as its source declares them: the doc comments are not there any more when it is compiled.
import { readFileSync } from "node:fs";
import ts from "typescript";
import { inRoot } from "../lib/paths.mjs";

/** The properties of the first object literal in the declaration of `name`, in order. Throws where one has no doc comment. */
export function propertiesOf(file, name) {
  const source = ts.createSourceFile(file, readFileSync(inRoot(file), "utf8"), ts.ScriptTarget.Latest, true);
  const declaration = find(source, (node) => ts.isVariableDeclaration(node) && node.name.getText() === name);
  const literal = declaration && find(declaration, ts.isObjectLiteralExpression);
  if (!literal) throw new Error(`${file} declares no object ${name}`);
  return literal.properties.filter(ts.isPropertyAssignment).map((property) => {
    const text = property.initializer.getText();
    const meaning = ts
      .getJSDocCommentsAndTags(property)
      .map((comment) => ts.getTextOfJSDocComment(comment.comment) ?? "")
      .join(" ")
      .replaceAll(/\s+/g, " ")
      .trim();
    if (meaning === "") throw new Error(`${file}: ${name}.${property.name.getText()} has no doc comment`);
    return {
      name: property.name.getText(),
      meaning,
      isRequired: !/\.(optional|default)\(/.test(text),
      isSecret: /secret: true/.test(text),
    };
  });
}

function find(node, matches) {
  if (matches(node)) return node;
  return ts.forEachChild(node, (child) => find(child, matches));
}
