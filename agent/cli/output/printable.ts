/**
 * Foreign text as it may reach a terminal. Names and labels come from disks that others can write: a control character or a
 * mark that turns the direction of writing could forge what a person reads, or speak to the terminal itself.
 */
export function printable(text: string): string {
  return text.replace(/\p{C}/gu, "?");
}

/** JSON whose control characters are all escaped; `JSON.stringify` lets those above U+007E through. */
export function printableJson(value: unknown): string {
  const text = JSON.stringify(value, null, 2);
  return text.replace(/[^\n\P{C}]/gu, (character) =>
    [...Array(character.length).keys()]
      .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}
