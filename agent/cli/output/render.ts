import type { Colors } from "picocolors/types";
import type { Block, Cell, Column, Table, Tone } from "./blocks";
import { printable } from "./printable";

/** The lines of a command's answer, as people read them. */
export function renderBlocks(blocks: Block[], colors: Colors): string {
  return blocks.flatMap((block) => renderBlock(block, colors)).join("\n");
}

function renderBlock(block: Block, colors: Colors): string[] {
  if (typeof block === "string" || "text" in block) return [paint(block, textOf(block), colors)];
  if ("columns" in block) return renderTable(block, colors);
  const width = Math.max(0, ...block.fields.map(([name]) => name.length));
  return block.fields.map(([name, value]) => `${name.padEnd(width)}  ${paint(value, textOf(value), colors)}`.trimEnd());
}

function renderTable({ columns, rows }: Table, colors: Colors): string[] {
  const titles = columns.map((column): Column => (typeof column === "string" ? { title: column } : column));
  const texts = rows.map((row) => row.map(textOf));
  const widths = titles.map(({ title }, index) => longest([title, ...texts.map((row) => row[index] ?? "")]));
  const line = (cells: string[], painted: (text: string, index: number) => string) =>
    cells
      .map((cell, index) => {
        const space = " ".repeat(Math.max(0, (widths[index] ?? 0) - cell.length));
        const text = painted(cell, index);
        if (titles[index]?.align === "right") return space + text;
        return text + space;
      })
      .join("  ")
      .trimEnd();
  const header = line(
    titles.map(({ title }) => title),
    (text) => colors.dim(text),
  );
  const body = texts.map((row, at) => line(row, (text, index) => paint(rows[at]?.[index] ?? "", text, colors)));
  return [header, ...body];
}

function longest(texts: string[]): number {
  // Not Math.max(...texts): ten thousand arguments are more than a call may take on a small stack
  return texts.reduce((width, text) => Math.max(width, text.length), 0);
}

function textOf(cell: Cell): string {
  return printable(typeof cell === "string" ? cell : cell.text);
}

function paint(cell: Cell, text: string, colors: Colors): string {
  return typeof cell === "string" ? text : painters[cell.tone](colors)(text);
}

const painters: Record<Tone, (colors: Colors) => (text: string) => string> = {
  good: (colors) => colors.green,
  bad: (colors) => colors.red,
  warn: (colors) => colors.yellow,
  dim: (colors) => colors.dim,
  strong: (colors) => colors.bold,
};
