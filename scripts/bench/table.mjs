// The figures as an aligned table.
const heads = ["figure", "median", "spread", "runs", "goal", ""];

const formats = {
  ratio: (value) => `${value.toFixed(2)} x`,
  ms: (value) => (value >= 10_000 ? `${(value / 1000).toFixed(1)} s` : `${Math.round(value)} ms`),
  bytes: (value) => `${Math.round(value)} B`,
  MB: (value) => `${Math.round(value)} MB`,
  lists: (value) => `${value}`,
  percent: (value) => `${value.toFixed(2)} %`,
};

/** A figure: `{ name, unit, median, low, high, runs, goal?, verdict?, isSub? }`. */
function cells({ name, unit, median, low, high, runs, goal, verdict, isSub }) {
  const format = formats[unit];
  const range = runs === 1 || low === high ? "" : `${format(low)} .. ${format(high)}`;
  const limit = goal === undefined ? "" : `<= ${format(goal)}`;
  return [isSub ? `  ${name}` : name, format(median), range, String(runs), limit, verdict ?? ""];
}

export function formatTable(figures) {
  const rows = [heads, ...figures.map(cells)];
  const widths = heads.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const lines = rows.map((row) =>
    row.map((cell, column) =>
      column === 0 || column === 5 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]),
    ),
  );
  lines.splice(
    1,
    0,
    widths.map((width) => "-".repeat(width)),
  );
  return lines.map((line) => line.join("  ").trimEnd()).join("\n");
}
