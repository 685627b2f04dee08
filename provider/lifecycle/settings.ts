import type { ObjectSettings } from "../drivers/record";
import type { Qos } from "../model/qos";
import type { ShareAccess } from "../model/share";
import type { ClassDefinition } from "../model/volumeClass";
import type { Properties } from "./lifecycle";
import { hasUnknown } from "./unknown";

/** The class that an object follows, where it is known. */
export function classOf(inputs: Properties): ClassDefinition | undefined {
  const { volumeClass } = inputs;
  return volumeClass === undefined || hasUnknown(volumeClass) ? undefined : (volumeClass as ClassDefinition);
}

/** The longest name of a policy that comes with a class; a class without a name is called so. */
const policyNameLength = 32;
const unnamedClass = "class";

/** What a volume is given, of its own before what its class says. It stands in the object's record, so that the backend and whoever runs policies need no state. */
export function volumeSettings(inputs: Properties): ObjectSettings | undefined {
  const own = { qos: inputs.qos as Qos | undefined, accessModes: inputs.accessModes as string[] | undefined };
  return given({ ...fromClass(inputs), ...given(own) });
}

/** What a share is given. Limits of disks say nothing about it. */
export function shareSettings(inputs: Properties): ObjectSettings | undefined {
  const { qos: _, ...ofClass } = fromClass(inputs);
  const own = { protocol: inputs.protocol as string | undefined, access: inputs.access as ShareAccess[] | undefined };
  return given({ ...ofClass, ...given(own) });
}

/** An object's labels: its own before those of its class. */
export function allLabels(inputs: Properties): Record<string, string> {
  return { ...classOf(inputs)?.labels, ...(inputs.labels as Record<string, string> | undefined) };
}

function fromClass(inputs: Properties): ObjectSettings {
  const definition = classOf(inputs);
  if (!definition) return {};
  const { name, qos, accessModes, reclaimPolicy, allowExpansion, schedule, timezone, retention } = definition;
  const policy =
    schedule === undefined || retention === undefined
      ? undefined
      : {
          name: (name ?? unnamedClass).slice(0, policyNameLength).replace(/[._-]+$/, ""),
          schedule,
          retention,
          ...(timezone === undefined ? {} : { timezone }),
        };
  return given({ className: name, qos, accessModes, reclaimPolicy, allowExpansion, policy }) ?? {};
}

/** The settings that say something, or undefined where none does. */
function given(settings: Record<string, unknown>): ObjectSettings | undefined {
  const said = Object.entries(settings).filter(([, value]) => value !== undefined);
  return said.length === 0 ? undefined : (Object.fromEntries(said) as ObjectSettings);
}
