import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { ReadRequest, ReadResponse } from "@pulumi/pulumi/proto/provider_pb";
import fc from "fast-check";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { withPlainProperties } from "../../../../provider/hosts/plugin/plainProperties";
import { heldBy, type Plain, plainOf, structOf } from "../../../../provider/hosts/plugin/plainStruct";

const { read } = withPlainProperties(ResourceProviderService);
const anything = fc
  .dictionary(fc.string(), fc.jsonValue({ noUnicodeString: false }))
  // The library loses this key, which is no name of anything
  .filter((plain) => !JSON.stringify(plain).includes("__proto__"))
  .map((plain) => JSON.parse(JSON.stringify(plain)) as Plain);

test("what the library writes is read as it reads it, without its messages of fields and values", () => {
  fc.assert(
    fc.property(anything, anything, (properties, inputs) => {
      const sent = new ReadRequest().setId("main/ssd/data").setProperties(Struct.fromJavaScript(properties as never));
      sent.setInputs(Struct.fromJavaScript(inputs as never)).setName("data");
      const got = read.requestDeserialize(Buffer.from(sent.serializeBinary()));
      expect([got.getId(), got.getName()]).toEqual(["main/ssd/data", "data"]);
      expect(heldBy(got.getProperties() as Struct)).toEqual(properties);
      expect(heldBy(got.getInputs() as Struct)).toEqual(inputs);
      expect(got.getProperties()?.toJavaScript()).toEqual(properties);
      expect(plainOf(got.getProperties() as Struct)).toEqual(properties);
    }),
  );
});

test("what is written the library reads, also from within a message that it writes itself", () => {
  fc.assert(
    fc.property(anything, (properties) => {
      const answer = () => new ReadResponse().setId("main/ssd/data").setProperties(structOf(properties));
      for (const bytes of [read.responseSerialize(answer()), answer().serializeBinary()]) {
        const got = ReadResponse.deserializeBinary(bytes);
        expect(got.getId()).toBe("main/ssd/data");
        expect(got.getProperties()?.toJavaScript()).toEqual(properties);
      }
    }),
  );
});

test("a Struct that was asked for its fields, and changed by them, is written as it is then", () => {
  const struct = structOf({ a: { b: [1, null, "x", true] }, gone: 1 });
  expect(struct.getFieldsMap().get("a")?.getStructValue()?.toJavaScript()).toEqual({ b: [1, null, "x", true] });
  struct.getFieldsMap().del("gone");
  const got = ReadResponse.deserializeBinary(read.responseSerialize(new ReadResponse().setProperties(struct)));
  expect(got.getProperties()?.toJavaScript()).toEqual({ a: { b: [1, null, "x", true] } });
});

test("bytes that are no message are refused, and fields of a later protocol passed over", () => {
  expect(() => read.requestDeserialize(Buffer.from([0x1a, 0xff, 0x01]))).toThrow();
  // properties { fields { key: "a" value { 9: "later" string_value: "x" } 7: 1 } 5: 1 }
  const value = [0x4a, 5, ...Buffer.from("later"), 0x1a, 1, 0x78];
  const entry = [0x0a, 1, 0x61, 0x12, value.length, ...value, 0x38, 1];
  const properties = [0x0a, entry.length, ...entry, 0x28, 1];
  const got = read.requestDeserialize(Buffer.from([0x1a, properties.length, ...properties]));
  expect(got.getProperties()?.toJavaScript()).toEqual({ a: "x" });
});

test("a key that JavaScript gives a meaning of its own is a key like any other, and pollutes nothing", () => {
  const plain = JSON.parse('{"labels":{"__proto__":{"polluted":true},"constructor":"x"}}') as Plain;
  // The number of an answer's inputs is that of a request's properties
  const bytes = read.responseSerialize(new ReadResponse().setInputs(structOf(plain)));
  const got = plainOf(read.requestDeserialize(bytes).getProperties() as Struct) as { labels: { polluted?: boolean } };
  expect(JSON.stringify(got)).toBe(JSON.stringify(plain));
  expect([got.labels.polluted, ({} as { polluted?: boolean }).polluted]).toEqual([undefined, undefined]);
});
