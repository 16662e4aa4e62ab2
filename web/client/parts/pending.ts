/** What waits to be sent: the badge on every page of the phone, the list with the state of each, and when it is sent. */
import { el, icon } from "./dialogs.ts";
import { type Blocked, drain, isWaiting } from "./outbox.ts";
import { type Draft, draft as find, drafts, dropDraft, forgetOld, onDrafts, putDraft } from "./phone_store.ts";
import { editAgain } from "./report_form.ts";
import { signInAgain } from "./sign_in.ts";
import { toast } from "./toasts.ts";
import { worker } from "./who.ts";
import { t } from "./words.ts";

const AGAIN_MS = 60_000;
const TAG = "outbox";
let blocked: Blocked = null;

/** Try to send now; what stopped it is shown wherever the state of sending is shown. */
export async function sendNow(): Promise<void> {
  blocked = await drain();
  if (blocked === "busy") blocked = null;
  await show();
}

export function startPending(): void {
  onDrafts(() => void show());
  for (const [target, event] of [[window, "online"], [window, "offline"], [document, "visibilitychange"]] as const) {
    target.addEventListener(event, () => {
      if (event === "offline") blocked = "offline";
      void (event === "offline" || document.visibilityState === "hidden" ? show() : sendNow());
    });
  }
  setInterval(() => {
    if (document.visibilityState === "visible" && navigator.onLine) void sendNow();
  }, AGAIN_MS);
  document.getElementById("send-now")?.addEventListener("click", () => void sendNow());
  void forgetOld().then(sendNow);
}

/** So that the browser sends what waits when the network is back, also with no page open (Chromium only). */
export async function askForSync(): Promise<void> {
  const registration = (await navigator.serviceWorker?.ready) as
    | (ServiceWorkerRegistration & { sync?: { register: (tag: string) => Promise<void> } })
    | undefined;
  await registration?.sync?.register(TAG).catch(() => undefined);
}

async function show(): Promise<void> {
  const staff = worker();
  const all = await drafts();
  const own = all.filter((each) => each.staff === staff);
  const open = own.filter((each) => each.state !== "sent");
  for (const badge of document.querySelectorAll<HTMLElement>("[data-pending]")) {
    badge.hidden = open.length === 0;
    badge.textContent = String(open.length);
    badge.setAttribute("aria-label", t(`${open.length} 件待发送`, `${open.length} to send`));
  }
  for (const sign of document.querySelectorAll<HTMLElement>("[data-offline]")) sign.hidden = navigator.onLine && blocked !== "offline";
  if (own.some(isWaiting)) void askForSync();
  const list = document.getElementById("pending");
  if (list) showList(list, own, all.length - own.length - all.filter((each) => each.staff !== staff && each.state === "sent").length);
}

function showList(list: HTMLElement, own: Draft[], others: number): void {
  const waiting = own.filter(isWaiting).length;
  const sorted = [...own.filter((each) => each.state !== "sent"), ...own.filter((each) => each.state === "sent").reverse()];
  list.replaceChildren(...sorted.map(row));
  byId("pending-none").hidden = own.length > 0;
  byId("send-now").hidden = waiting === 0;
  byId("outbox-state").replaceChildren(...notes(waiting));
  byId("others").hidden = others === 0;
  byId("others").replaceChildren(
    icon("users"),
    el("span", {}, t(`另有 ${others} 件是用这部手机的其他人写的，等其本人登录后发送。`, `${others} more were written by somebody else on this phone; they wait until that person signs in.`)),
  );
}

/** Why nothing is being sent, and what to do. */
function notes(waiting: number): HTMLElement[] {
  if (waiting === 0) return [];
  if (blocked === "sign_in") {
    const button = el("button", { type: "button", class: "button primary" }, t("登录后发送", "Sign in to send"));
    button.addEventListener("click", async () => {
      if (await signInAgain()) await sendNow();
    });
    return [el("p", { class: "hint" }, icon("lock"), el("span", { class: "note" }, t(`登录已过期，${waiting} 件都还在。`, `Your session has ended; all ${waiting} are still here.`)), button)];
  }
  if (blocked !== "offline" && navigator.onLine) return [];
  const words = t("连不上服务器，网络恢复后自动发送。", "The server cannot be reached; it is sent when the network is back.");
  return [el("p", { class: "hint" }, icon("cloud-off"), el("span", { class: "note" }, words))];
}

const STATES = {
  waiting: ["plain", "clock", t("待发送", "waiting")],
  sending: ["accent", "send", t("发送中", "sending")],
  refused: ["late", "alert", t("被退回", "refused")],
  sent: ["ok", "check", t("已发送", "sent")],
} as const;
const ICONS = { report: "plus", follow: "copy", feedback: "message" } as const;

function row(each: Draft): HTMLElement {
  const [tone, sign, label] = STATES[each.state];
  const line = el(
    each.number ? "a" : "div",
    { class: "task-row", ...(each.number ? { href: `/cases/${each.number}` } : {}) },
    el("span", { class: "task-kind" }, icon(ICONS[each.kind])),
    el("span", { class: "task-title" }, each.title),
    el("span", { class: "task-holder" }, el("span", { class: `chip ${tone}` }, icon(sign), label)),
    el("span", { class: "task-under quiet" }, el("span", { class: "ellipsis" }, about(each))),
  );
  const made = el("li", { class: "task", "data-draft": each.id, "data-state": each.state }, line);
  if (each.state === "refused") made.append(refusal(each));
  else if (each.state === "waiting" && !each.attempted) made.append(...foldedChanges(each));
  return made;
}

/** Number or time, and how many photos. */
function about(each: Draft): string {
  const when = new Date(each.created).toLocaleString(t("zh-CN", "en-GB"), { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
  const parts = [each.number ?? when];
  if (each.photoCount === 1) parts.push(t("1 张照片", "1 photo"));
  else if (each.photoCount) parts.push(t(`${each.photoCount} 张照片`, `${each.photoCount} photos`));
  if (each.refusedPhotos) parts.push(t(`${each.refusedPhotos} 张未被接受`, `${each.refusedPhotos} not taken`));
  return parts.join(" · ");
}

function foldedChanges(each: Draft): HTMLElement[] {
  const id = `changes-${each.id}`;
  const open = el("button", { type: "button", class: "tool task-more", "aria-expanded": "false", "aria-controls": id, "aria-label": `${t("操作", "Actions")}: ${each.title}` }, icon("more"));
  const acts = el("div", { class: "task-acts", id, hidden: "" }, ...changes(each));
  open.addEventListener("click", () => {
    acts.hidden = !acts.hidden;
    open.setAttribute("aria-expanded", String(!acts.hidden));
  });
  return [open, acts];
}

function refusal(each: Draft): HTMLElement {
  const reasons = (each.problem?.errors ?? []).map((error) => error.msg).join("；");
  const why = [each.problem?.title ?? "", reasons].filter(Boolean).join(" ");
  return el("div", { class: "task-acts" }, el("p", { class: "problem" }, icon("alert"), el("span", {}, why)), ...changes(each));
}

function changes(each: Draft): HTMLElement[] {
  const remove = el("button", { type: "button", class: "button" }, icon("trash"), t("删除", "Delete"));
  remove.addEventListener("click", () => void removed(each.id));
  if (!each.form) return [remove];
  const edit = el("button", { type: "button", class: "button" }, icon("edit"), t("修改", "Edit"));
  edit.addEventListener("click", () => void reedit(each.id));
  return [edit, remove];
}

async function reedit(id: string): Promise<void> {
  const fresh = await find(id);
  if (!fresh || fresh.attempted) return show(); // it was sent meanwhile
  if (await editAgain(fresh)) location.assign("/report");
  else toast(t("上报页还有没写完的内容，请先完成或清空。", "The report page holds something half-written; finish it first."));
}

async function removed(id: string): Promise<void> {
  const fresh = await find(id);
  if (!fresh || fresh.attempted) return show();
  await dropDraft(id);
  toast(t("已删除", "Deleted"), () => void putDraft(fresh).then(sendNow));
}

function byId(id: string): HTMLElement {
  return document.getElementById(id) as HTMLElement;
}
