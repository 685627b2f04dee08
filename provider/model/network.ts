import { isIP } from "node:net";
import { z } from "zod";
import { quote } from "./names";

/** Says what is wrong with an address or a network in CIDR notation, or undefined. Host bits of a network must be zero, as exports demand. */
export function networkProblem(text: string): string | undefined {
  const [address = "", prefix, ...rest] = text.split("/");
  const family = address.includes("%") ? 0 : isIP(address);
  if (family === 0 || rest.length > 0)
    return `"${quote(text, 60)}" is not an address; write a network such as "10.0.0.0/24" or "fd00::/64", or one address`;
  if (prefix === undefined) return undefined;
  const bits = family === 4 ? 32 : 128;
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits)
    return `"${quote(text, 60)}" has no valid prefix; after the slash stands a number from 0 to ${bits}`;
  const value = family === 4 ? ipv4Bits(address) : ipv6Bits(address);
  const hostBits = BigInt(bits - Number(prefix));
  if (value & ((1n << hostBits) - 1n))
    return `"${quote(text, 60)}" has bits set beyond its prefix; for one address leave the slash out, for the network write its first address`;
  return undefined;
}

function ipv4Bits(address: string): bigint {
  return address.split(".").reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
}

function ipv6Bits(address: string): bigint {
  // The last 32 bits may be written as an IPv4 address
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  const tail = dotted ? ipv4Bits(dotted[2] as string) : undefined;
  const text =
    tail === undefined ? address : `${dotted?.[1]}${(tail >> 16n).toString(16)}:${(tail & 0xffffn).toString(16)}`;
  const [head = "", end] = text.split("::");
  const groups = (part: string) => (part === "" ? [] : part.split(":"));
  const first = groups(head);
  const last = groups(end ?? "");
  const zeros = end === undefined ? [] : Array<string>(8 - first.length - last.length).fill("0");
  return [...first, ...zeros, ...last].reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

/** An address, or a network in CIDR notation, given by a user. */
export const networkAddress = z
  .string({ error: 'expected a network such as "10.0.0.0/24"' })
  .superRefine((text, context) => {
    const problem = networkProblem(text);
    if (problem) context.addIssue({ code: "custom", message: problem });
  });
