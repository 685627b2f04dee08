import type { Driver } from "../../../../provider/drivers/driver";
import { intercepted } from "./intercepted";

/** An agent that dies at one of its calls, before or after the backend has done what it was told. */
export interface Death {
  readonly call: number;
  readonly when: "before" | "after";
}

/** A driver whose process is killed at a call: that one and all later ones are never answered. `died` resolves at that moment. */
export function dying({ call: deadly, when }: Death): { wrap: (driver: Driver) => Driver; died: Promise<"died"> } {
  let calls = 0;
  let die: (result: "died") => void = () => undefined;
  const died = new Promise<"died">((resolve) => {
    die = resolve;
  });
  const never = new Promise<never>(() => undefined);
  const wrap = (driver: Driver) =>
    intercepted(driver, async (method, call) => {
      if (method === "close") return call();
      calls += 1;
      if (calls < deadly) return call();
      if (calls === deadly && when === "after") await call();
      die("died");
      return never;
    });
  return { wrap, died };
}
