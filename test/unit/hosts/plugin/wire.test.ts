import fc from "fast-check";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { signatureKey, signatures, unknownText } from "../../../../provider/hosts/plugin/signatures";
import { decode, encode, SecretPaths } from "../../../../provider/hosts/plugin/wire";
import { unknownValue } from "../../../../provider/lifecycle/unknown";

const secret = (value: unknown) => ({ [signatureKey]: signatures.secret, value });

/** As it crosses the wire, bytes included. */
function sent(struct: Struct): Struct {
  return Struct.deserializeBinary(struct.serializeBinary());
}

test("any JSON comes back as it went", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ noUnicodeString: false })), (properties) => {
      // The library that reads messages loses this key, which is no name of anything
      fc.pre(!JSON.stringify(properties).includes("__proto__"));
      // What JSON cannot tell apart, the wire need not either
      const plain = JSON.parse(JSON.stringify(properties)) as Record<string, unknown>;
      for (const key of Object.keys(plain)) if (plain[key] === null) delete plain[key];
      expect(decode(sent(encode(plain))).properties).toEqual(plain);
    }),
  );
});

test("a key that JavaScript gives a meaning of its own pollutes nothing", () => {
  const properties = JSON.parse('{"labels": {"__proto__": {"polluted": true}, "constructor": "x"}}') as Record<
    string,
    unknown
  >;
  const { labels } = decode(sent(encode(properties))).properties as { labels: Record<string, unknown> };
  expect(labels.constructor).toBe("x");
  expect([labels.polluted, ({} as { polluted?: boolean }).polluted]).toEqual([undefined, undefined]);
});

test("secrets are opened, noted where they stood, and go back as secrets", () => {
  const struct = sent(
    Struct.fromJavaScript({
      name: secret("n"),
      labels: { a: secret("b"), c: "d" },
      list: ["x", secret(secret("y"))],
    } as never),
  );
  const { properties, secrets } = decode(struct);
  expect(properties).toEqual({ name: "n", labels: { a: "b", c: "d" }, list: ["x", "y"] });
  expect(sent(encode({ ...properties, uid: "u" }, secrets)).toJavaScript()).toEqual({
    name: secret("n"),
    labels: { a: secret("b"), c: "d" },
    list: ["x", secret("y")],
    uid: "u",
  });
});

test.each([
  unknownText,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
])("%s is an unknown, at any depth, and goes back as one", (text) => {
  const { properties } = decode(Struct.fromJavaScript({ a: text, b: { c: [secret(text)] } } as never));
  expect(properties).toEqual({ a: unknownValue, b: { c: [unknownValue] } });
  expect(encode(properties).toJavaScript()).toEqual({ a: unknownText, b: { c: [unknownText] } });
});

test("a resource is its id; one that is not made yet is unknown", () => {
  const resource = (id?: string) => ({
    [signatureKey]: signatures.resource,
    urn: "urn:…",
    ...(id === undefined ? {} : { id }),
  });
  const struct = Struct.fromJavaScript({
    a: resource("main/ssd"),
    b: resource(),
    c: resource(""),
    d: resource(unknownText),
  } as never);
  expect(decode(struct).properties).toEqual({ a: "main/ssd", b: unknownValue, c: unknownValue, d: unknownValue });
});

test("an output is its value, its secret and its unknown", () => {
  const output = (rest: object) => ({ [signatureKey]: signatures.output, ...rest });
  const struct = Struct.fromJavaScript({
    a: output({ value: "x", secret: true, dependencies: [] }),
    b: output({}),
  } as never);
  const { properties, secrets } = decode(struct);
  expect(properties).toEqual({ a: "x", b: unknownValue });
  expect([secrets.has(["a"]), secrets.has(["b"])]).toEqual([true, false]);
});

test("undefined is left out, and what is no property is refused by its path", () => {
  expect(encode({ a: undefined, b: 1 }).toJavaScript()).toEqual({ b: 1 });
  expect(() => encode({ a: { b: 1n } })).toThrow("a bigint cannot be a property (a.b)");
});

test("paths of two messages are joined", () => {
  const [one, other] = [new SecretPaths(), new SecretPaths()];
  one.add(["a", "b"]);
  other.add(["c"]);
  const both = one.and(other);
  expect([both.has(["a", "b"]), both.has(["c"]), both.has(["a"]), one.has(["c"])]).toEqual([true, true, false, false]);
});
