import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { KrStorageError, messageOf } from "../../provider/model/errors";

/** What is served: text under a path. */
export type Pages = Readonly<Record<string, () => Promise<{ status: number; type: string; text: string }>>>;

/** Serves pages at `<address>:<port>` until it is closed. Throws INVALID_ARGUMENT where the address cannot be had. */
export async function serve(listen: string, pages: Pages): Promise<{ address: string; close: () => Promise<void> }> {
  const colon = listen.lastIndexOf(":");
  const host = listen.slice(0, colon).replace(/^\[|\]$/g, "");
  const server = createServer((request, response) => void answer(pages, request, response));
  server.requestTimeout = 10_000;
  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error) =>
      reject(new KrStorageError("INVALID_ARGUMENT", `the agent cannot listen at ${listen}: ${messageOf(error)}`));
    server.once("error", fail);
    server.listen(Number(listen.slice(colon + 1)), host, () => {
      server.off("error", fail);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  return { address: `${listen.slice(0, colon)}:${port}`, close: () => close(server) };
}

async function answer(pages: Pages, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? "/").split("?")[0] ?? "/";
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
  const isRead = request.method === "GET" || request.method === "HEAD";
  try {
    if (!page || !isRead)
      return void send(response, page ? 405 : 404, "text/plain", page ? "only GET\n" : "not found\n");
    const { status, type, text } = await page();
    send(response, status, type, text);
  } catch (error) {
    send(response, 500, "text/plain", `${messageOf(error)}\n`);
  }
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(text);
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
