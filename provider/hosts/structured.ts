import { KrStorageError } from "../model/errors";

/** What is to be typed to set a value. */
const examples: Record<string, string> = {
  "krstorage:backends": "'krstorage:backends.main.type' local",
  "krstorage:defaultClass": "'krstorage:defaultClass.pools[0]' main/ssd",
};

/** A structured value. `key` is how messages call it. */
export function structured(key: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Without its cause: a JSON error quotes the text, which holds credentials
    const example = examples[key];
    const message = example
      ? `is not structured configuration; set it with "pulumi config set --path ${example}"`
      : "is not JSON";
    throw new KrStorageError("INVALID_ARGUMENT", `${key} ${message}`, {
      issues: [{ path: key.replace("krstorage:", ""), message }],
    });
  }
}
