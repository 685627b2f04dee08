import { Joined } from "../../../provider/drivers/ceph/joined";

/** Questions that are answered when the test says so. */
function questions() {
  const asked: { settle(answer: string): void; fail(error: Error): void }[] = [];
  const joined = new Joined(() => new Promise<string>((settle, fail) => void asked.push({ settle, fail })));
  return { asked, joined };
}
const turn = () => new Promise((settle) => setImmediate(settle));

test("who asks while a question is being answered is never given its answer, and all of them share the next one", async () => {
  const { asked, joined } = questions();
  const first = joined.get();
  await turn();
  const others = [joined.get(), joined.get(), joined.get()];
  await turn();
  expect(asked).toHaveLength(1);
  asked[0]?.settle("old");
  expect(await first).toBe("old");
  await turn();
  expect(asked).toHaveLength(2);
  asked[1]?.settle("new");
  expect(await Promise.all(others)).toEqual(["new", "new", "new"]);
});

test("one that fails fails for those who wait, and the next who comes asks anew", async () => {
  const { asked, joined } = questions();
  const first = joined.get();
  await turn();
  const second = joined.get();
  asked[0]?.fail(new Error("away"));
  const outcomes = await Promise.allSettled([first, second]);
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(asked).toHaveLength(1);
  const third = joined.get();
  await turn();
  asked[1]?.settle("back");
  expect(await third).toBe("back");
});

test("what they want to know about is asked for together", async () => {
  const asked: string[][] = [];
  const joined = new Joined<number, string>(async (items) => asked.push(items));
  const first = joined.get("a");
  await turn();
  await Promise.all([first, joined.get("b"), joined.get("c", "b"), joined.get()]);
  expect(asked).toEqual([["a"], ["b", "c"]]);
});
