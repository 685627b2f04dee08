import type { Call, Finding } from "../driver";

/** What the parts of a check share. */
export interface Check {
  call: Call;
  repair: boolean;
  findings: Finding[];
}

/**
 * Tells a deviation, and mends it when asked to. What mends it throws where it cannot be mended; then that is the finding, and the
 * check goes on.
 */
export async function report(
  check: Check,
  object: string,
  message: string,
  mend?: () => void | Promise<void>,
): Promise<void> {
  if (!check.repair || !mend) {
    check.findings.push({ object, message, repaired: false });
    return;
  }
  try {
    await mend();
    check.findings.push({ object, message, repaired: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    check.findings.push({ object, message: `${message}; it could not be mended: ${reason}`, repaired: false });
  }
}
