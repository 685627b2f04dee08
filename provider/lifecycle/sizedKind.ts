import { bytesOf } from "../model/quantity";
import type { DataKind } from "./dataKind";
import { placeOf, recordedInputs } from "./place";
import { allLabels } from "./settings";
import { sourceIdOf } from "./source";

type Sized = Omit<DataKind, "kind" | "word" | "settingsOf" | "outputsOf" | "checkNew">;

/** What volumes and shares have in common: a size, a place in a pool that may be chosen by a class, and perhaps a source. `recorded` are the inputs that the record keeps as spelled. */
export function sizedKind(recorded: readonly string[]): Sized {
  return {
    // A new one would be empty
    missingIsGone: false,
    idOf: placeOf,
    sourceOf: sourceIdOf,
    requestedOf: (inputs) => recordedInputs(inputs, recorded),
    inputsOf: ({ record }, id) => ({
      ...recordedInputs(record.requested, recorded),
      pool: `${id.backend}/${id.pool}`,
      name: id.name,
    }),
    sizeOf: (inputs) => (typeof inputs.size === "string" ? bytesOf(inputs.size) : undefined),
    labelsOf: allLabels,
  };
}
