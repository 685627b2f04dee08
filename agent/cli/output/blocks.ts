/** How a text stands out on a terminal. Without colours it reads the same. */
export type Tone = "good" | "bad" | "warn" | "dim" | "strong";
/** Text for people. It is made printable when it is printed, so a command may pass on what a record says. */
export type Cell = string | { text: string; tone: Tone };

export interface Column {
  title: string;
  align?: "right";
}
export interface Table {
  columns: (string | Column)[];
  rows: Cell[][];
}
/** Names with their values, one a line. */
export interface Fields {
  fields: [name: string, value: Cell][];
}
/** One piece of a command's answer: a line, a table, or fields. */
export type Block = Cell | Table | Fields;

const tones: Record<string, Tone> = {
  ready: "good",
  missing: "bad",
  damaged: "bad",
  copied: "warn",
};

/** The status of an object, in its colour. */
export function statusCell(status: string): Cell {
  const tone = tones[status];
  return tone === undefined ? status : { text: status, tone };
}
