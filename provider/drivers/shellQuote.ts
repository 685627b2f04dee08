/** A text as one word of a POSIX shell, whatever it holds: spaces, quotes, newlines, `$`. For commands that people copy; programs are run without a shell. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
