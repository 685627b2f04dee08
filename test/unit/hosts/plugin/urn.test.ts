import { kindOf, ownerOf, typeOf } from "../../../../provider/hosts/plugin/urn";
import { kinds } from "../../../../provider/model/kinds";

// The same owners as in test/unit/sdk/owner.test.ts, where the classes compute them
test.each([
  ["krstorage:index:Volume::plain", "proj/dev/Volume/plain"],
  ["my:db:Cluster$my:db:Disk$krstorage:index:Volume::child", "proj/dev/my:db:Cluster$my:db:Disk$Volume/child"],
  ["my:db/disk:Disk$krstorage:index:Volume::module", "proj/dev/my:db:disk:Disk$Volume/module"],
  ["krstorage:index:Pool$krstorage:index:Volume::nested", "proj/dev/Pool$Volume/nested"],
  ["pulumi-nodejs:dynamic/krstorage:Pool$krstorage:index:Volume::nested", "proj/dev/Pool$Volume/nested"],
  ["krstorage:index:Volume::a/b", "proj/dev/Volume/a/b"],
  ["krstorage:index:Volume::a::b$c", "proj/dev/Volume/a::b$c"],
  ["krstorage:index:Volume::line\nbreak", "proj/dev/Volume/line\nbreak"],
])("%j is owned by %j", (rest, owner) => {
  expect(ownerOf(`urn:pulumi:dev::proj::${rest}`)).toBe(owner);
});

test.each(["", "x", "urn:pulumi:dev::proj::type", "urn:other:a::b::c::d"])("%j is no URN", (text) => {
  expect(() => ownerOf(text)).toThrow("is not the URN of a resource");
});

test.each(Object.entries(kinds))("the kind of the token of %s", (name, kind) => {
  expect(kindOf(`krstorage:index:${kind.name}`)).toBe(name);
});

test.each(["krstorage:index:Volum", "krstorage:index:toString", "", "aws:s3:Bucket"])("%j is no type", (token) => {
  expect(() => kindOf(token)).toThrow(/krstorage has no resource type ".*"; types are krstorage:index:Pool/);
});

test("the type of a resource is the last of its chain", () => {
  expect(typeOf("urn:pulumi:dev::proj::a:b:C$krstorage:index:Volume::x")).toBe("krstorage:index:Volume");
  expect(typeOf("nonsense")).toBe("");
});
