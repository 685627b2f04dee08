import fc from "fast-check";
import { duration, durationMs, parseDuration } from "../../../provider/model/quantity";

test.each([
  ["30s", 30_000],
  ["15m", 900_000],
  ["24h", 86_400_000],
  ["7d", 604_800_000],
  ["4w", 2_419_200_000],
])("%s is %d ms", (text, ms) => {
  expect(parseDuration(text)).toEqual({ ms });
});

test.each(["", "24", "h", "1.5h", "-1h", "24H", "1 h", "1h30m", "24h\n", "1234567s"])("%j is no duration", (text) => {
  expect(duration.safeParse(text).error?.issues[0]?.message).toContain('such as "24h"');
  expect(() => durationMs(text)).toThrow(RangeError);
});

test("what is no text is refused with an example", () => {
  expect(duration.safeParse(24).error?.issues[0]?.message).toBe('expected a duration such as "24h"');
});

test("every accepted duration is a time that a date can hold", () => {
  fc.assert(
    fc.property(fc.nat({ max: 999_999 }), fc.constantFrom("s", "m", "h", "d", "w"), (count, unit) => {
      expect(new Date(durationMs(`${count}${unit}`)).toISOString()).toMatch(/Z$/);
    }),
  );
});
