/**
 * Sends what waits, each once, in the order in which it was written; used by pages and by the service worker.
 *
 * Nothing is sent for anybody but the person who is signed in. An interrupted line, an ended session or a failing
 * server keep a draft waiting; only a refusal by the server ends that, and gives the draft back to be corrected.
 */
import { type ProblemBody, problemOf } from "./api.ts";
import { type Draft, drafts, putDraft } from "./phone_store.ts";

/** Why sending stopped; null: nothing of the person waits any more. `busy`: somebody else is sending. */
export type Blocked = "offline" | "sign_in" | "busy" | null;

interface Me {
  staff: string;
  token: string;
  /** The server's clock minus the phone's, in ms. */
  skew: number;
}

/** Not now: nobody can be reached, somebody has to sign in, this page's token is old, this one fails at the server. */
type Stop = "offline" | "sign_in" | "stale" | "failing";
type Answer = { ok: true; body: { number?: string } } | { ok: false; problem: ProblemBody } | { ok: "stop"; why: Stop };

const LOCK = "gridgov-outbox";
const AGAIN = new Set([408, 425, 429]);

/** `wait`: stand in line behind another tab that is sending, instead of leaving it to it. */
export async function drain(wait = false): Promise<Blocked> {
  if (!("locks" in navigator)) return drainAll();
  return navigator.locks.request(LOCK, { ifAvailable: !wait }, (lock) => (lock ? drainAll() : "busy"));
}

async function drainAll(): Promise<Blocked> {
  if (!(await drafts()).some(isWaiting)) return null;
  let me = await whoAmI();
  if (typeof me === "string") return me;
  const tried = new Set<string>();
  let failing = false;
  for (;;) {
    const person: Me = me;
    const next = (await drafts()).find((each) => isWaiting(each) && each.staff === person.staff && !tried.has(each.id));
    if (!next) return failing ? "offline" : null;
    tried.add(next.id);
    const stop = await send(next, person);
    if (stop === "failing") failing = true; // the others need not wait for it
    else if (stop === "stale") {
      me = await whoAmI(); // signed in anew, perhaps as somebody else: look again whose drafts may go
      if (typeof me === "string") return me;
      if (me.token !== person.token) tried.delete(next.id);
    } else if (stop) return stop;
  }
}

export function isWaiting(each: Draft): boolean {
  return each.state === "waiting" || each.state === "sending";
}

async function whoAmI(): Promise<Me | "offline" | "sign_in"> {
  try {
    const response = await fetch("/api/v1/me", { headers: { Accept: "application/json" }, cache: "no-store" });
    if (response.status === 401) return "sign_in";
    if (!response.ok) return "offline";
    const { ref, csrf_token: token, now } = (await response.json()) as { ref: string; csrf_token: string; now: string };
    return { staff: ref.replace(/^staff:/, ""), token, skew: Date.parse(now) - Date.now() };
  } catch {
    return "offline";
  }
}

async function send(draft: Draft, me: Me): Promise<Stop | null> {
  const before = draft.attempted;
  if (!before && draft.occurred !== null) {
    draft.body = { ...draft.body, occurred_at: new Date(draft.occurred + me.skew).toISOString() };
  }
  draft.state = "sending";
  draft.attempted = true;
  await putDraft(draft);
  if (!draft.accepted) {
    const answer = await post(draft.path, draft.id, JSON.stringify(draft.body), me);
    if (answer.ok === "stop") {
      if (answer.why === "sign_in" || answer.why === "stale") draft.attempted = before; // refused at the door
      return pause(draft, answer.why);
    }
    if (!answer.ok) {
      await putDraft({ ...draft, state: "refused", attempted: false, problem: answer.problem });
      return null;
    }
    draft.accepted = true;
    draft.number = answer.body.number ?? draft.number;
    await putDraft(draft);
  }
  return sendPhotos(draft, me);
}

async function sendPhotos(draft: Draft, me: Me): Promise<Stop | null> {
  for (let photo = draft.photos[0]; photo; photo = draft.photos[0]) {
    const body = new FormData();
    body.append("file", photo.blob, `${photo.id}.jpg`);
    const answer = await post(`/api/v1/cases/${draft.number}/attachments`, `${draft.id}-${photo.id}`, body, me);
    if (answer.ok === "stop") return pause(draft, answer.why);
    if (!answer.ok) {
      draft.refusedPhotos += 1;
      draft.problem = answer.problem;
    }
    draft.photos = draft.photos.slice(1);
    await putDraft(draft);
  }
  await putDraft({ ...draft, state: "sent", form: null });
  return null;
}

async function pause(draft: Draft, why: Stop): Promise<Stop> {
  await putDraft({ ...draft, state: "waiting" });
  return why;
}

async function post(path: string, key: string, body: string | FormData, me: Me): Promise<Answer> {
  const headers: Record<string, string> = { Accept: "application/json", "X-CSRF-Token": me.token, "Idempotency-Key": key };
  if (typeof body === "string") headers["Content-Type"] = "application/json";
  try {
    const response = await fetch(path, { method: "POST", headers, body });
    const text = await response.text();
    if (response.ok) return { ok: true, body: JSON.parse(text) };
    if (response.status === 401) return { ok: "stop", why: "sign_in" };
    if (response.status >= 500 || AGAIN.has(response.status)) return { ok: "stop", why: "failing" };
    const problem = problemOf(response.status, text);
    return problem.code === "stale_page" ? { ok: "stop", why: "stale" } : { ok: false, problem };
  } catch {
    return { ok: "stop", why: "offline" };
  }
}
