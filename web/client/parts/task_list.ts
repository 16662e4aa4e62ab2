/** The list of tasks: actions of a row by its button or a swipe, taking and putting back, feedback with photos, news. */
import { Problem, post } from "./api.ts";
import { el, icon, openDialog } from "./dialogs.ts";
import { problemText } from "./forms.ts";
import { drain } from "./outbox.ts";
import { photoStrip } from "./photos.ts";
import { newDraft, type Photo, putDraft } from "./phone_store.ts";
import { toast } from "./toasts.ts";
import { worker } from "./who.ts";
import { t } from "./words.ts";

const EVERY_MS = 30_000;
const SWIPE_PX = 48;

export function startTasks(): void {
  const root = document.getElementById("tasks");
  if (!root) return;
  root.addEventListener("click", (event) => press(root, event));
  startSwipe(root);
  document.addEventListener("acted", () => void refresh(root));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") void refresh(root);
  });
  setInterval(() => {
    if (document.visibilityState === "visible") void refresh(root);
  }, EVERY_MS);
}

function press(root: HTMLElement, event: MouseEvent): void {
  const button = (event.target as HTMLElement).closest<HTMLButtonElement>("button");
  if (!button) return;
  if (button.classList.contains("task-more")) open(root, button, button.getAttribute("aria-expanded") !== "true");
  else if (button.dataset.claim) void act(root, button, `/api/v1/work-items/${button.dataset.claim}/claim`, t("已签收", "Taken"));
  else if (button.dataset.release) void act(root, button, `/api/v1/work-items/${button.dataset.release}/release`, t("已释放", "Put back"));
  else if (button.dataset.feedback) feedback(button.dataset.feedback, button.dataset.title ?? "");
}

/** One row shows its actions at a time. */
function open(root: HTMLElement, button: HTMLElement, on: boolean): void {
  for (const each of root.querySelectorAll<HTMLElement>(".task-more")) {
    const shown = each === button && on;
    each.setAttribute("aria-expanded", String(shown));
    const acts = document.getElementById(each.getAttribute("aria-controls") ?? "");
    if (acts) acts.hidden = !shown;
  }
}

function startSwipe(root: HTMLElement): void {
  let from: { x: number; y: number; row: HTMLElement } | null = null;
  let swiped = false;
  root.addEventListener("pointerdown", (event) => {
    const row = (event.target as HTMLElement).closest<HTMLElement>(".task");
    swiped = false;
    from = row && event.pointerType !== "mouse" ? { x: event.clientX, y: event.clientY, row } : null;
  });
  root.addEventListener("pointermove", (event) => {
    if (!from) return;
    const across = event.clientX - from.x;
    if (Math.abs(across) < SWIPE_PX || Math.abs(event.clientY - from.y) > Math.abs(across)) return;
    const button = from.row.querySelector<HTMLElement>(".task-more");
    if (button) open(root, button, across < 0);
    swiped = true;
    from = null;
  });
  root.addEventListener("click", (event) => {
    if (swiped) event.preventDefault(); // the finger was moved, not pressed
    swiped = false;
  }, true);
}

async function act(root: HTMLElement, button: HTMLButtonElement, path: string, said: string): Promise<void> {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    await post(path);
    toast(said);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    refuse(button, error);
  } finally {
    button.removeAttribute("aria-busy");
  }
  await refresh(root);
}

/** Why not, where it was pressed: "already taken by …" must not vanish by itself. */
function refuse(button: HTMLElement, error: Problem): void {
  openDialog(t("没有办成", "That did not work"), el("p", { class: "problem", role: "alert" }, icon("alert"), el("span", {}, problemText(error))), el("p", { class: "quiet" }, button.textContent ?? ""));
}

/** 反馈 with photos: handed in like a report, so that it is kept without network and sent once. */
function feedback(number: string, title: string): void {
  const words = el("textarea", { id: "feedback-words", rows: "3", maxlength: "4000", required: "" });
  const measure = el("input", { type: "checkbox", id: "feedback-measure" });
  const input = el("input", { type: "file", accept: "image/*", capture: "environment", multiple: "" });
  const error = el("p", { class: "error", role: "alert", hidden: "" });
  const send = el("button", { class: "button primary wide" }, icon("send"), t("反馈", "Feed back"));
  const form = el(
    "form",
    { class: "stack" },
    el("p", { class: "quiet" }, title),
    el("ul", { class: "photo-strip", hidden: "" }),
    el("label", { class: "photo-button second" }, icon("camera"), el("span", {}, t("拍照", "Take a photo")), input),
    el("div", { class: "field" }, el("label", { for: "feedback-words" }, t("进展", "Progress")), words),
    el("label", { class: "check" }, measure, el("span", {}, t("已采取措施（之后不能再退回）", "A measure was taken (the case cannot be returned after that)"))),
    error,
    send,
  );
  const { dialog } = openDialog(t("反馈进展", "Feed back progress"), form);
  const strip = photoStrip(form, () => undefined);
  form.noValidate = true;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = words.value.trim();
    error.hidden = text !== "";
    error.textContent = t("请写一两句进展。", "Write a sentence on what was done.");
    if (!text) return words.focus();
    await strip.ready();
    await handInFeedback(number, title, { words: text, measure: measure.checked }, strip.photos());
    dialog.close();
  });
}

async function handInFeedback(number: string, title: string, body: { words: string; measure: boolean }, photos: Photo[]): Promise<void> {
  const path = `/api/v1/cases/${number}/feedback`;
  await putDraft(newDraft({ staff: worker() ?? "", kind: "feedback", title, path, body, number, photos }));
  const blocked = await drain(true);
  if (blocked) toast(t("已存入待发送，有网络时自动发送", "Kept to be sent when the network is back"));
  else toast(t("已反馈", "Fed back"));
}

// -- news

let version: string | null = null;

async function refresh(root: HTMLElement): Promise<void> {
  const fresh = document.getElementById("fresh");
  try {
    const headers: Record<string, string> = { "HX-Request": "true", ...(version ? { "If-None-Match": version } : {}) };
    const response = await fetch(root.dataset.list ?? "", { headers, cache: "no-store" });
    if (response.status === 401) return say(fresh, t("登录已过期", "Your session has ended"));
    if (response.ok) {
      version = response.headers.get("ETag");
      merge(root, await response.text());
    }
    say(fresh, "");
  } catch {
    say(fresh, t("没有网络，列表可能不是最新的", "No network; this list may be old"));
  }
}

function say(where: HTMLElement | null, words: string): void {
  if (where && where.textContent !== words) where.textContent = words;
}

/** Put in the new list without losing the place: rows that stay keep their focus and their open actions. */
function merge(root: HTMLElement, html: string): void {
  const made = document.createElement("template");
  made.innerHTML = html;
  const opened = root.querySelector<HTMLElement>(".task-more[aria-expanded=true]")?.getAttribute("aria-controls");
  const focused = document.activeElement?.closest<HTMLElement>(".task")?.dataset.item;
  const within = focused ? [...root.querySelectorAll(`[data-item="${focused}"] :is(a, button)`)].indexOf(document.activeElement as Element) : -1;
  const top = scrollY;
  root.replaceChildren(made.content);
  const again = opened ? root.querySelector<HTMLElement>(`[aria-controls="${opened}"]`) : null;
  if (again) open(root, again, true);
  if (focused) root.querySelectorAll<HTMLElement>(`[data-item="${focused}"] :is(a, button)`)[within]?.focus({ preventScroll: true });
  scrollTo(0, top);
}
