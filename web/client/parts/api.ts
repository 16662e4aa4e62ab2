/**
 * The one way in which pages change anything: the REST API, with the session's token and an Idempotency-Key.
 *
 * A call that meets an ended session asks for the password over the page and goes on; what was typed stays.
 */
import { signInAgain } from "./sign_in.ts";
import { t } from "./words.ts";

export interface FieldError {
  loc: string;
  type: string;
  msg: string;
}

/** RFC 9457; `status` 0: the server could not be reached. */
export interface ProblemBody {
  status: number;
  code: string;
  title: string;
  detail: string;
  errors?: FieldError[];
  [more: string]: unknown;
}

export class Problem extends Error {
  constructor(readonly body: ProblemBody) {
    super(`${body.title} ${body.detail}`);
  }
}

interface Options {
  /** The same key for the same intention, also when it is sent again. */
  key?: string | undefined;
  /** Do not ask for the password when the session has ended; the caller keeps what it has. */
  quiet?: boolean;
  signal?: AbortSignal;
  /** Goes on although the page is left. */
  keepalive?: boolean;
}

export type Json = Record<string, unknown>;

export function newKey(): string {
  return crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(16)).join("");
}

export function csrfToken(): string {
  return document.querySelector<HTMLMetaElement>("meta[name=csrf-token]")?.content ?? "";
}

export function rememberToken(token: string): void {
  let meta = document.querySelector<HTMLMetaElement>("meta[name=csrf-token]");
  if (!meta) {
    meta = document.createElement("meta");
    meta.name = "csrf-token";
    document.head.append(meta);
  }
  meta.content = token;
}

export function get<T = Json>(path: string, options: Options = {}): Promise<T> {
  return call<T>("GET", path, undefined, options);
}

/** `body`: an object goes as JSON, FormData as it is. Throws Problem. */
export function post<T = Json>(path: string, body: Json | FormData = {}, options: Options = {}): Promise<T> {
  return call<T>("POST", path, body, { ...options, key: options.key ?? newKey() });
}

/** As `post`, to replace what is there. */
export function put<T = Json>(path: string, body: Json = {}, options: Options = {}): Promise<T> {
  return call<T>("PUT", path, body, { ...options, key: options.key ?? newKey() });
}

async function call<T>(method: string, path: string, body: Json | FormData | undefined, options: Options): Promise<T> {
  let response = await send(method, path, body, options);
  if (response.status === 401 && !options.quiet && (await signInAgain())) {
    response = await send(method, path, body, options);
  } else if (response.status === 403 && (await isStalePage(response)) && (await freshToken())) {
    response = await send(method, path, body, options);
  }
  return read<T>(response);
}

async function send(
  method: string,
  path: string,
  body: Json | FormData | undefined,
  options: Options,
): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRF-Token"] = csrfToken();
  if (options.key) headers["Idempotency-Key"] = options.key;
  if (body && !(body instanceof FormData)) headers["Content-Type"] = "application/json";
  const content = body === undefined ? null : body instanceof FormData ? body : JSON.stringify(body);
  try {
    return await fetch(path, { method, headers, body: content, signal: options.signal ?? null, keepalive: options.keepalive ?? false });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem({
      status: 0,
      code: "offline",
      title: t("连不上服务器。", "The server cannot be reached."),
      detail: t("内容已保留，网络恢复后请重试。", "What you typed is kept; try again when the network is back."),
    });
  }
}

async function read<T>(response: Response): Promise<T> {
  const text = await response.text();
  if (response.ok) return (text ? JSON.parse(text) : {}) as T;
  throw new Problem(problemOf(response.status, text));
}

export function problemOf(status: number, text: string): ProblemBody {
  try {
    return { ...(JSON.parse(text) as ProblemBody), status };
  } catch {
    return {
      status,
      code: `http_${status}`,
      title: t("服务器没有正常应答。", "The server did not answer as it should."),
      detail: t("请稍后重试；仍有问题请联系管理员。", "Try again later, or tell your administrator."),
    };
  }
}

async function isStalePage(response: Response): Promise<boolean> {
  return problemOf(response.status, await response.clone().text()).code === "stale_page";
}

/** Signed in again in another tab: the cookie is new, the page's token is old. */
export async function freshToken(): Promise<boolean> {
  const response = await fetch("/api/v1/me", { headers: { Accept: "application/json" } });
  if (!response.ok) return false;
  rememberToken(((await response.json()) as { csrf_token: string }).csrf_token);
  return true;
}
