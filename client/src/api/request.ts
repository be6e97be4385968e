import { errorOf, unreachable } from "./failure";

const PREFIX = "/api/v1";
const GIVE_UP_AFTER_MS = 30_000;

type Query = Record<string, string | number | boolean | null | undefined>;

export interface Options {
  query?: object | undefined;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** One call to the API; the answer's JSON. Throws ApiError, also when the server cannot be reached. */
export async function request<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const response = await send(method, path, options);
  const text = await response.text();
  const body = parsed(text);
  if (!response.ok) throw errorOf(response.status, body);
  return body as T;
}

async function send(
  method: string,
  path: string,
  { query, body, headers, signal }: Options,
): Promise<Response> {
  // A file goes as it is, everything else as JSON.
  const raw = body instanceof Blob || body instanceof FormData;
  try {
    return await fetch(PREFIX + path + searchOf(query as Query | undefined), {
      method,
      headers: {
        Accept: "application/json",
        ...(body && !raw ? { "Content-Type": "application/json" } : {}),
        ...headers,
      },
      ...(body ? { body: raw ? body : JSON.stringify(body) } : {}),
      signal: signal ?? AbortSignal.timeout(GIVE_UP_AFTER_MS),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw unreachable();
  }
}

function searchOf(query: Query = {}): string {
  const given = Object.entries(query).filter(([, value]) => value != null && value !== "");
  return given.length
    ? `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()}`
    : "";
}

function parsed(text: string): unknown {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}
