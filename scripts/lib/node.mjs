// The one requirement that cannot be installed for the user.
import { StepError } from "./console.mjs";

export const oldestNode = 20;

export function checkNode() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < oldestNode) {
    throw new StepError(
      `Node ${process.versions.node} is too old: KRStorage needs Node ${oldestNode} or newer (https://nodejs.org).`,
    );
  }
  return `Node ${process.versions.node}`;
}
