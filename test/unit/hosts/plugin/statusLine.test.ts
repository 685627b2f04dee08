import { statusLine } from "../../../../provider/hosts/plugin/statusLine";

const mebi = 2 ** 20;

test("how far a copy is goes on at once, then once a second, and not again where nothing has moved", () => {
  const sent: string[] = [];
  let now = 5000;
  const tell = statusLine(
    (text) => sent.push(text),
    () => now,
  );
  for (const [at, done] of [
    [5000, 0],
    [5250, 10],
    [5999, 20],
    [6000, 30],
    [6900, 40],
    [7100, 30],
    [7200, 100],
  ] as const) {
    now = at;
    tell({ doneBytes: done * mebi, totalBytes: 100 * mebi });
  }
  expect(sent).toEqual([
    "copying: 0 % (0B of 100MiB)",
    "copying: 30 % (30MiB of 100MiB)",
    "copying: 100 % (100MiB of 100MiB)",
  ]);
});
