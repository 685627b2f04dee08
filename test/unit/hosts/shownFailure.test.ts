import { shownFailure } from "../../../provider/hosts/shownFailure";

test.each([
  ["a property that the program gives", "size", "size", "too small"],
  ["the resource as a whole", "", "", "too small"],
  ["a property that has its default", "name", "", "too small"],
  ["a path below one that is given", "targets[4]", "", "targets[4]: too small"],
  ["a path below one that a configuration gives", "volumeClass.retention", "", "volumeClass.retention: too small"],
])("%s: the engine is told %j as %j", (_what, property, shown, reason) => {
  expect(shownFailure({ property, reason: "too small" }, { size: "1B", targets: [] })).toEqual({
    property: shown,
    reason,
  });
});
