/**
 * Urging and supervising many cases at once: what is chosen stays chosen across pages and reloads of this tab; the
 * cases go in chunks, each has its own result, and those that failed can be tried again.
 */
import { get, newKey, Problem, type ProblemBody, post } from "./api.ts";
import { el, icon, openDialog } from "./dialogs.ts";
import { t } from "./words.ts";

type Rung = "urge" | "supervise";

interface Result {
  case: string;
  ok: boolean;
  problem?: ProblemBody;
}

const KEPT = "gridgov:chosen";
const CHUNK = 20;
const MOST = 200;
const WORDS: Record<Rung, [string, string]> = { urge: ["催办", "Urge"], supervise: ["督办", "Supervise"] };

/** Number → title, of this tab. */
const chosen = new Map<string, string>(JSON.parse(sessionStorage.getItem(KEPT) ?? "[]") as [string, string][]);

export function startBulk(): void {
  document.addEventListener("change", (event) => {
    const box = event.target as HTMLInputElement;
    if (box.id === "choose-page") for (const each of boxes()) choose(each, box.checked);
    else if (box.name === "case") choose(box, box.checked);
    else return;
    show();
  });
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLButtonElement>("#bulk button");
    if (button) void press(button);
  });
  document.addEventListener("htmx:after:swap", show);
  show();
}

function boxes(): HTMLInputElement[] {
  return [...document.querySelectorAll<HTMLInputElement>("#cases input[name=case]:enabled")];
}

function choose(box: HTMLInputElement, on: boolean): void {
  if (!on) chosen.delete(box.value);
  else if (chosen.size < MOST || chosen.has(box.value)) chosen.set(box.value, box.dataset.title ?? "");
}

function keep(): void {
  sessionStorage.setItem(KEPT, JSON.stringify([...chosen]));
}

function show(): void {
  keep();
  const bar = document.getElementById("bulk");
  if (!bar) return;
  const shown = boxes();
  for (const box of shown) box.checked = chosen.has(box.value);
  const whole = document.querySelector<HTMLInputElement>("#choose-page");
  const here = shown.filter((box) => box.checked).length;
  if (whole) {
    whole.checked = here > 0 && here === shown.length;
    whole.indeterminate = here > 0 && here < shown.length;
  }
  bar.hidden = chosen.size === 0;
  const filter = document.getElementById("filter");
  if (filter) filter.hidden = chosen.size > 0;
  document.getElementById("board")?.classList.toggle("is-choosing", chosen.size > 0);
  const said = bar.querySelector("[data-chosen]");
  const most = chosen.size === MOST ? t(`（一次最多 ${MOST} 件）`, ` (${MOST} at most)`) : "";
  if (said) said.textContent = t(`已选 ${chosen.size} 件`, `${chosen.size} selected`) + most;
}

async function press(button: HTMLButtonElement): Promise<void> {
  if (button.dataset.none !== undefined) chosen.clear();
  else if (button.dataset.all !== undefined) await chooseAll(button.dataset.query ?? "");
  else if (button.dataset.rung) return confirm(button.dataset.rung as Rung, [...chosen.keys()]);
  show();
}

async function chooseAll(query: string): Promise<void> {
  const found = await get<{ cases: { number: string; may_supervise: boolean }[] }>(`/api/v1/overdue/cases?${query}&limit=${MOST}`);
  for (const { number } of found.cases.filter((each) => each.may_supervise))
    if (chosen.size < MOST && !chosen.has(number)) chosen.set(number, "");
}

function confirm(rung: Rung, numbers: string[]): void {
  const word = t(...WORDS[rung]);
  const count = numbers.length;
  const what =
    rung === "urge"
      ? t(
          `将向 ${count} 件事件的承办单位发出催办，要求 1 个工作日内回复。`,
          `The units that hold these ${count} cases are urged and must reply within 1 working day.`,
        )
      : t(
          `将对 ${count} 件事件立督办，承办单位须在 3 个工作日内回复；逾期不回复将逐级升为黄牌、红牌。`,
          `These ${count} cases are put under supervision; their units must reply within 3 working days, else a yellow and then a red card follows.`,
        );
  const go = el("button", { type: "button", class: "button primary" }, t(`${word} ${count} 件`, `${word} ${count}`));
  const place = el("div", { class: "bulk-dialog" }, el("p", {}, what), el("div", { class: "buttons" }, go));
  const { dialog, closed } = openDialog(t(`${word} ${count} 件`, `${word} ${count} cases`), place);
  go.addEventListener("click", () => void carryOut(dialog, place, rung, numbers));
  go.focus();
  void closed.then(() => {
    if (place.dataset.acted) location.reload();
  });
}

async function carryOut(dialog: HTMLDialogElement, place: HTMLElement, rung: Rung, numbers: string[]): Promise<void> {
  const bar = el("progress", { max: String(numbers.length), value: "0", "aria-label": t("进度", "Progress") });
  const said = el("p", { role: "status" }, progress(0, numbers.length));
  const hold = (event: Event): void => event.preventDefault();
  dialog.addEventListener("cancel", hold);
  place.replaceChildren(said, bar);
  const results: Result[] = [];
  for (let at = 0; at < numbers.length; at += CHUNK) {
    results.push(...(await send(rung, numbers.slice(at, at + CHUNK))));
    bar.value = results.length;
    said.textContent = progress(results.length, numbers.length);
  }
  dialog.removeEventListener("cancel", hold);
  place.dataset.acted = "yes";
  for (const result of results) if (result.ok) chosen.delete(result.case);
  keep();
  tell(dialog, place, rung, results);
}

function progress(done: number, all: number): string {
  return t(`正在处理 ${done} / ${all} 件…`, `${done} of ${all} done…`);
}

/** A chunk that could not be sent is a failure of each of its cases, not of the rest. */
async function send(rung: Rung, cases: string[]): Promise<Result[]> {
  try {
    const body = { cases, rung };
    return (await post<{ results: Result[] }>("/api/v1/supervisions/bulk", body, { key: newKey() })).results;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return cases.map((number) => ({ case: number, ok: false, problem: error.body }));
  }
}

function tell(dialog: HTMLDialogElement, place: HTMLElement, rung: Rung, results: Result[]): void {
  const [zh, en] = WORDS[rung];
  const failed = results.filter((result) => !result.ok);
  const done = results.length - failed.length;
  const sum = el("p", { class: "bulk-sum", role: "status" }, chip("ok", "check-circle", t(`已${zh} ${done} 件`, `${en}: ${done} done`)));
  if (failed.length) sum.append(chip("late", "alert", t(`${failed.length} 件未成`, `${failed.length} failed`)));
  const close = el("button", { type: "button", class: "button" }, t("完成", "Done"));
  close.addEventListener("click", () => dialog.close("done"));
  const buttons = el("div", { class: "buttons" }, close);
  place.replaceChildren(sum);
  if (failed.length) {
    place.append(el("ul", { class: "bulk-failed", "aria-label": t("未成的事件", "Cases that failed") }, ...failed.map(line)));
    const again = el("button", { type: "button", class: "button primary" }, t(`重试这 ${failed.length} 件`, `Try these ${failed.length} again`));
    again.addEventListener("click", () => void carryOut(dialog, place, rung, failed.map((each) => each.case)));
    buttons.prepend(again);
  }
  place.append(buttons);
  close.focus();
}

function chip(tone: string, name: string, text: string): HTMLElement {
  return el("span", { class: `chip ${tone}` }, icon(name), text);
}

function line(result: Result): HTMLElement {
  const link = el("a", { href: `/cases/${result.case}`, target: "_blank", rel: "noopener" }, result.case);
  const title = chosen.get(result.case);
  return el("li", {}, el("span", {}, link, title ? ` ${title}` : ""), el("span", { class: "why" }, reason(result.problem)));
}

/** In words for this list, where the general ones speak of reading the case again. */
function reason(problem: ProblemBody | undefined): string {
  switch (problem?.code) {
    case "not_allowed_now":
      return t("事件已经结束，不需要再催。", "The case has ended; there is nothing to press.");
    case "forbidden":
      return t("事件现由本级或上级承办，不归您督办。", "It is now held at your level or above; it is not yours to press.");
    case "not_found":
      return t("事件已不在您的范围内。", "The case is no longer within your scope.");
    default:
      return problem ? problem.title : "";
  }
}
