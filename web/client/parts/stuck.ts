/**
 * What got stuck: many at once with a result for each, and tokens that are tried before they are moved.
 *
 * `<form data-move="/api/…">` is sent with `dry` first; what would be there is shown, then it can be confirmed.
 */
import { type Json, newKey, Problem, type ProblemBody, post } from "./api.ts";
import { el, icon, openDialog } from "./dialogs.ts";
import { bodyOf, clearErrors, showProblem } from "./forms.ts";
import { toastAfterReload } from "./toasts.ts";
import { t } from "./words.ts";

type Act = "retry" | "skip" | "resolve";

interface Result {
  kind: "incident" | "effect";
  id: number;
  ok: boolean;
  problem?: ProblemBody;
}

interface Picture {
  tokens: string[];
  items: { element: string; unit: { name: string } | null }[];
  timers: { element: string; due_at: string }[];
}

const CHUNK = 20;
const WORDS: Record<Act, [verb: string, done: string, what: string]> = {
  retry: [t("重试", "Try again"), t("已安排重试", "will be tried again"), t("立即再试一次；没有可重试内容的会逐件说明。", "They are tried at once; those with nothing to try say so.")],
  skip: [t("跳过", "Pass over"), t("已跳过", "passed over"), t("时限点算已到而不执行，送达永远放弃；不能恢复。", "Marks count as given without their effect, deliveries are never sent. It cannot be taken back.")],
  resolve: [t("关闭", "Resolve"), t("已关闭", "resolved"), t("写明做了什么；送达类会转为放弃发送。", "Say what was done; deliveries are given up.")],
};

export function startStuck(): void {
  startBulk();
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-move]")) startMove(form);
}

function boxes(): HTMLInputElement[] {
  return [...document.querySelectorAll<HTMLInputElement>("input[name=stuck]")];
}

function startBulk(): void {
  const bar = document.getElementById("stuck-bulk");
  if (!bar) return;
  const all = bar.querySelector<HTMLInputElement>("#stuck-all");
  document.addEventListener("change", (event) => {
    if (event.target === all) for (const box of boxes()) box.checked = all?.checked ?? false;
    show(bar, all);
  });
  bar.addEventListener("click", (event) => {
    const act = (event.target as Element).closest<HTMLButtonElement>("[data-bulk]")?.dataset.bulk as Act | undefined;
    if (act) ask(act, boxes().filter((box) => box.checked));
  });
  show(bar, all);
}

function show(bar: HTMLElement, all: HTMLInputElement | null): void {
  const chosen = boxes().filter((box) => box.checked).length;
  if (all) {
    all.checked = chosen > 0 && chosen === boxes().length;
    all.indeterminate = chosen > 0 && chosen < boxes().length;
  }
  const said = bar.querySelector("[data-chosen]");
  if (said) said.textContent = chosen ? t(`已选 ${chosen} 件`, `${chosen} selected`) : "";
  for (const button of bar.querySelectorAll<HTMLButtonElement>("[data-bulk]")) button.disabled = chosen === 0;
}

function ask(act: Act, chosen: HTMLInputElement[]): void {
  const [verb, , what] = WORDS[act];
  const titles = new Map(chosen.map((box) => [box.value, box.dataset.title ?? box.value]));
  const words = el("input", { id: "bulk-words", name: "words", minlength: "2", maxlength: "400", required: "" });
  const error = el("p", { class: "error", hidden: "" });
  const field = el("div", { class: "field" }, el("label", { for: "bulk-words" }, t("原因或处理说明", "Why, or what was done")), words, error);
  const go = el("button", { class: "button primary" }, t(`${verb} ${titles.size} 件`, `${verb}: ${titles.size}`));
  const form = el("form", { class: "stack tight" }, el("p", {}, what), ...(act === "retry" ? [] : [field]), el("div", { class: "buttons" }, go));
  const { dialog, closed } = openDialog(t(`${verb} ${titles.size} 件`, `${verb}: ${titles.size}`), form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void carryOut(dialog, form, act, titles, words.value.trim());
  });
  (act === "retry" ? go : words).focus();
  void closed.then(() => {
    if (form.dataset.acted) location.reload();
  });
}

async function carryOut(dialog: HTMLDialogElement, place: HTMLElement, act: Act, titles: Map<string, string>, words: string): Promise<void> {
  const chosen = [...titles.keys()];
  const said = el("p", { role: "status" });
  const bar = el("progress", { max: String(chosen.length), value: "0", "aria-label": t("进度", "Progress") });
  place.replaceChildren(said, bar);
  place.dataset.acted = "yes";
  const results: Result[] = [];
  for (let at = 0; at < chosen.length; at += CHUNK) {
    said.textContent = t(`正在处理 ${results.length} / ${chosen.length} 件…`, `${results.length} of ${chosen.length} done…`);
    results.push(...(await send(act, chosen.slice(at, at + CHUNK), words)));
    bar.value = results.length;
  }
  tell(dialog, place, act, titles, results);
}

/** A chunk that could not be sent is a failure of each of its rows, not of the rest. */
async function send(act: Act, chosen: string[], words: string): Promise<Result[]> {
  const rows = chosen.map((value) => ({ kind: value.split(":")[0] as Result["kind"], id: Number(value.split(":")[1]) }));
  const ids = (kind: Result["kind"]): number[] => rows.filter((row) => row.kind === kind).map((row) => row.id);
  const body: Json = { act, incidents: ids("incident"), effects: ids("effect"), ...(words ? { words } : {}) };
  try {
    return (await post<{ results: Result[] }>("/api/v1/admin/incidents/bulk", body, { key: newKey() })).results;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return rows.map((row) => ({ ...row, ok: false, problem: error.body }));
  }
}

function tell(dialog: HTMLDialogElement, place: HTMLElement, act: Act, titles: Map<string, string>, results: Result[]): void {
  const failed = results.filter((result) => !result.ok);
  const done = results.length - failed.length;
  const sum = el("p", { role: "status" }, el("span", { class: "chip ok" }, icon("check-circle"), t(`${WORDS[act][1]} ${done} 件`, `${done} ${WORDS[act][1]}`)));
  if (failed.length) sum.append(" ", el("span", { class: "chip late" }, icon("alert"), t(`${failed.length} 件未成`, `${failed.length} not done`)));
  const lines = failed.map((result) => {
    const { title = "", detail = "" } = result.problem ?? {};
    return el("li", {}, el("b", {}, titles.get(`${result.kind}:${result.id}`) ?? ""), el("br"), `${title} ${detail}`.trim());
  });
  const close = el("button", { class: "button", type: "button" }, t("完成", "Done"));
  close.addEventListener("click", () => dialog.close("done"));
  const list = failed.length ? [el("ul", { class: "stack tight bulk-failed" }, ...lines)] : [];
  place.replaceChildren(sum, ...list, el("div", { class: "buttons" }, close));
  close.focus();
}

function startMove(form: HTMLFormElement): void {
  const keep = form.querySelector<HTMLButtonElement>("[data-keep]");
  const outcome = form.querySelector<HTMLElement>(".move-outcome");
  if (!keep || !outcome) return;
  const forget = (): void => {
    keep.hidden = true;
    outcome.replaceChildren();
  };
  form.addEventListener("input", forget);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void move(form, true, (after) => {
      outcome.replaceChildren(...pictured(after));
      keep.hidden = false;
      keep.focus();
    }).catch(forget);
  });
  keep.addEventListener("click", () => {
    void move(form, false, () => {
      toastAfterReload(t("令牌已移动", "The token is moved"));
      location.reload();
    });
  });
}

async function move(form: HTMLFormElement, dry: boolean, then: (after: Picture) => void): Promise<void> {
  if (form.getAttribute("aria-busy") === "true") return;
  clearErrors(form);
  form.setAttribute("aria-busy", "true");
  const scope = form.querySelector<HTMLInputElement>("[name=scope]")?.value ?? "";
  try {
    const answer = await post<{ after: Picture }>(form.dataset.move ?? "", { ...bodyOf(form), scope, dry }, { key: newKey() });
    then(answer.after);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    form.querySelector<HTMLElement>("[data-keep]")?.setAttribute("hidden", "");
    showProblem(form, error);
  } finally {
    form.setAttribute("aria-busy", "false");
  }
}

/** What would be there: nothing is saved yet. */
function pictured(after: Picture): HTMLElement[] {
  const when = new Intl.DateTimeFormat(t("zh-CN", "en-GB"), { dateStyle: "short", timeStyle: "short", timeZone: "Asia/Shanghai" });
  const rows: [string, string[]][] = [
    [t("令牌", "Tokens"), after.tokens],
    [t("待办", "Tasks"), after.items.map((item) => `${item.element} · ${item.unit?.name ?? ""}`)],
    [t("定时", "Timers"), after.timers.map((timer) => `${when.format(new Date(timer.due_at))} ${timer.element}`)],
  ];
  const facts = el("dl", { class: "facts" });
  for (const [label, lines] of rows) {
    facts.append(el("dt", {}, label), el("dd", {}, ...(lines.length ? lines : ["–"]).map((line) => el("div", {}, line))));
  }
  return [el("p", { class: "hint" }, icon("info"), t("试移动成功，尚未保存。移动后将是：", "It would go well; nothing is kept yet. There would be:")), facts];
}
