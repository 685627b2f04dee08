import fc from "fast-check";
import { byteQuantity, bytesOf, exactBytes, formatBytes, parseBytes } from "../../../provider/model/quantity";

test.each([
  ["1B", 1],
  ["512B", 512],
  ["0B", 0],
  ["1KB", 1000],
  ["1KiB", 1024],
  ["500MB", 500_000_000],
  ["1.5TiB", 1.5 * 2 ** 40],
  ["20 GiB", 20 * 2 ** 30],
  ["1.005KB", 1005],
  ["8.2GB", 8_200_000_000],
  ["9007199254740.991KB", Number.MAX_SAFE_INTEGER],
])("%s is %d bytes", (text, bytes) => {
  expect(parseBytes(text)).toEqual({ bytes });
});

test.each([
  ["20gib", '"20GiB"'],
  ["20Gi", '"20GiB"'],
  ["20gi", '"20GiB"'],
  ["20G", '"20GB"'],
  ["20k", '"20KB"'],
  ["20mb", '"20MB"'],
  ["20 GIB", '"20GiB"'],
  ["20", '"20GiB"'],
  ["20b", '"20B"'],
])("%s is refused, and %s suggested", (text, suggestion) => {
  expect(problemOf(text)).toContain(`did you mean ${suggestion}?`);
});

test.each(["20parsecs", "20constructor", "20toString"])("%s is refused with the units there are", (text) => {
  expect(problemOf(text)).toMatch(/unknown unit .*units are B, KB, .*PiB/);
});

test.each(["", " ", "GiB", "-1GiB", "1e3GiB", "1,5GiB", "0x10B", "1GiB ", "１GiB", "1GiB\n", "NaNB", ".5GiB", "1.GiB"])(
  "%j is no size",
  (text) => {
    expect(problemOf(text)).toContain("is not a size");
  },
);

test.each(["0.5B", "1.0001KB", "0.1GiB"])("%s is no whole number of bytes", (text) => {
  expect(problemOf(text)).toContain("is not a whole number of bytes");
});

test.each(["9007199254740992B", "9007199254740993B", "8PiB", "9999999999999999PiB"])(
  "%s is more than the largest size",
  (text) => {
    expect(problemOf(text)).toContain("largest size");
  },
);

test("7 PiB and the largest size are accepted", () => {
  expect(parseBytes("7PiB")).toEqual({ bytes: 7 * 2 ** 50 });
  expect(parseBytes(`${Number.MAX_SAFE_INTEGER}B`)).toEqual({ bytes: Number.MAX_SAFE_INTEGER });
});

test("foreign text is quoted short and without control characters", () => {
  const problem = problemOf(`\u001b[31m${"9".repeat(500)}`);
  expect(problem).not.toMatch(/\p{C}/u);
  expect(problem.length).toBeLessThan(150);
});

test("bytesOf throws for what was never validated", () => {
  expect(() => bytesOf("much")).toThrow(RangeError);
});

test("the schema says the same sentence", () => {
  expect(byteQuantity.safeParse("20Gi").error?.issues[0]?.message).toBe(problemOf("20Gi"));
  expect(byteQuantity.safeParse(20).error?.issues[0]?.message).toBe('expected a size such as "20GiB"');
});

test("an exact spelling reads back as the same size", () => {
  fc.assert(
    fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (bytes) => {
      expect(bytesOf(exactBytes(bytes))).toBe(bytes);
    }),
  );
});

test("a decimal fraction is read exactly", () => {
  fc.assert(
    fc.property(fc.nat({ max: 999_999 }), fc.integer({ min: 0, max: 999 }), (whole, thousandths) => {
      expect(parseBytes(`${whole}.${String(thousandths).padStart(3, "0")}KB`)).toEqual({
        bytes: whole * 1000 + thousandths,
      });
    }),
  );
});

test("reading never throws and never gives an unsafe number", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const parsed = parseBytes(text);
      expect("problem" in parsed || Number.isSafeInteger(parsed.bytes)).toBe(true);
    }),
  );
});

test.each([
  [512, "512B"],
  [2 ** 20, "1MiB"],
  [1.5 * 2 ** 30, "1.5GiB"],
  [20 * 2 ** 40, "20TiB"],
  [0, "0B"],
])("%d bytes are shown as %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [1_500_000_000, "1500MB"],
  [20 * 2 ** 30, "20GiB"],
  [1025, "1025B"],
])("%d bytes are spelled %s where they must be exact", (bytes, text) => {
  expect(exactBytes(bytes)).toBe(text);
});

function problemOf(text: string): string {
  const parsed = parseBytes(text);
  if (!("problem" in parsed)) throw new Error(`"${text}" was read as ${parsed.bytes} bytes`);
  return parsed.problem;
}
