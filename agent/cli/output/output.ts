interface Streams {
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
}

/**
 * Standard output and error. A reader that has seen enough (`| head`) closes the pipe: then the rest is not written, and the
 * command itself goes on, since it may be in the middle of a change.
 */
export class Output {
  private readonly closed = new Set<NodeJS.WriteStream>();

  constructor(private readonly streams: Streams) {
    for (const stream of [streams.stdout, streams.stderr]) {
      stream.on("error", (error: NodeJS.ErrnoException) => {
        this.closed.add(stream);
        if (error.code !== "EPIPE") process.exitCode = 1; // a full disk, say: the answer was not delivered
      });
    }
  }

  line(text: string): void {
    this.write(this.streams.stdout, `${text}\n`);
  }
  error(text: string): void {
    this.write(this.streams.stderr, `${text}\n`);
  }
  /** As it stands: help has its own line ends. */
  raw(text: string): void {
    this.write(this.streams.stdout, text);
  }
  rawError(text: string): void {
    this.write(this.streams.stderr, text);
  }

  private write(stream: NodeJS.WriteStream, text: string): void {
    if (!this.closed.has(stream)) stream.write(text);
  }
}
