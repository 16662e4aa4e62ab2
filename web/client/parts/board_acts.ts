/**
 * Acting on lines of the queue, one or many: sent in chunks, each line with its own result.
 *
 * Decisions wait ten seconds on the server before they are carried out, so that they can be undone; a claim does not.
 */
import { type Json, newKey, Problem, type ProblemBody, post } from "./api.ts";
import { el, icon, openDialog } from "./dialogs.ts";
import { toast, UNDO_MS } from "./toasts.ts";
import { t } from "./words.ts";

/** A line of the queue as it was seen. */
export interface Target {
  item: number;
  version: number;
  number: string;
  title: string;
  element: string;
  step: string;
  /** What its step allows: accept, merge, decline, assign, transfer, suspend, claim. */
  doing: string[];
}

/** The verb, and the form that it sends for a line: null claims it, a text says why it cannot. */
export interface Deed {
  /** 受理, accept. */
  verb: string;
  /** 已受理, accepted. */
  done: string;
  form: (target: Target) => Json | null | string;
}

export interface Result {
  target: Target;
  ok: boolean;
  postponed?: number;
  problem?: { code: string; title: string; detail: string; errors?: ProblemBody["errors"] };
}

interface Row {
  item_id: number;
  ok: boolean;
  postponed_id?: number;
  problem?: { code: string; title: string; detail: string; errors?: ProblemBody["errors"] };
}

/** Where the acts come from: it hears that something changed, and looks how lines are by now. */
export interface Desk {
  changed: () => void;
  asNow: (targets: Target[]) => Promise<Target[]>;
}

const CHUNK = 20;
/** Refusals that trying again does not change. */
const FINAL = ["item_closed", "not_here", "forbidden", "not_found"];

/** Do it to each; what cannot be done to a line is a result too. */
export async function send(targets: Target[], deed: Deed, told?: (done: number) => void): Promise<Result[]> {
  const results: Result[] = [];
  const acts: { target: Target; act: Json }[] = [];
  for (const target of targets) {
    const data = deed.form(target);
    if (typeof data === "string") results.push(refused(target, "not_here", data, ""));
    else acts.push({ target, act: { item_id: target.item, version: target.version, ...(data ? { data } : {}) } });
  }
  for (let at = 0; at < acts.length; at += CHUNK) {
    const chunk = acts.slice(at, at + CHUNK);
    results.push(...(await sendChunk(chunk)));
    told?.(at + chunk.length);
  }
  return results;
}

async function sendChunk(chunk: { target: Target; act: Json }[]): Promise<Result[]> {
  const body = { acts: chunk.map((each) => each.act), undo_seconds: UNDO_MS / 1000 };
  try {
    const answer = await post<{ results: Row[] }>("/api/v1/work-items/acts", body, { key: newKey() });
    const rows = new Map(answer.results.map((row) => [row.item_id, row]));
    return chunk.map(({ target }) => resultOf(target, rows.get(target.item)));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return chunk.map(({ target }) => refused(target, error.body.code, error.body.title, error.body.detail));
  }
}

function resultOf(target: Target, row: Row | undefined): Result {
  if (!row) return refused(target, "no_answer", t("没有收到结果。", "There was no answer."), "");
  const made: Result = { target, ok: row.ok };
  if (row.postponed_id !== undefined) made.postponed = row.postponed_id;
  if (row.problem) made.problem = row.problem;
  return made;
}

function refused(target: Target, code: string, title: string, detail: string): Result {
  return { target, ok: false, problem: { code, title, detail } };
}

/** Do it, and say what came of it: a toast with undo, or a table when something was refused. */
export async function perform(targets: Target[], deed: Deed, desk: Desk): Promise<void> {
  if (targets.length === 0) return;
  const progress = targets.length > CHUNK ? showProgress(deed, targets.length) : null;
  const results = await send(targets, deed, progress?.told);
  progress?.close();
  desk.changed();
  tell(results, deed, desk);
}

export function tell(results: Result[], deed: Deed, desk: Desk): void {
  const [only] = results;
  if (results.every((each) => each.ok)) {
    const about = results.length === 1 && only ? only.target.number : t(`${results.length} 件`, `${results.length} cases`);
    const ids = postponedOf(results);
    const said = t(`${deed.done} ${about}`, `${about}: ${deed.done}`);
    toast(said, ids.length ? () => void undo(ids, desk) : undefined);
  } else if (results.length === 1 && only?.problem) {
    const text = `${only.problem.title} ${only.problem.detail}`;
    openDialog(t(`没有${deed.verb}`, `Not done: ${deed.verb}`), el("p", { class: "problem", role: "alert" }, text));
  } else showResults(results, deed, desk);
}

/** Undo what was decided; what was carried out meanwhile is told. */
export async function undo(ids: number[], desk: Desk): Promise<void> {
  const late: string[] = [];
  for (const id of ids) {
    try {
      await post(`/api/v1/postponed/${id}/undo`);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      late.push(error.body.title);
    }
  }
  desk.changed();
  if (late.length === 0) {
    toast(ids.length === 1 ? t("已撤销", "Undone") : t(`已撤销 ${ids.length} 件`, `Undone: ${ids.length} cases`));
    return;
  }
  const said = t(`${late.length} 件没有撤销：${late[0]}`, `${late.length} not undone: ${late[0]}`);
  openDialog(t("没有撤销", "Not undone"), el("p", { class: "problem", role: "alert" }, said));
}

function postponedOf(results: Result[]): number[] {
  return results.flatMap((each) => (each.postponed === undefined ? [] : [each.postponed]));
}

function showProgress(deed: Deed, total: number): { told: (done: number) => void; close: () => void } {
  const bar = el("progress", { class: "progress", max: String(total), value: "0", "aria-label": deed.verb });
  const said = el("p", { role: "status" }, t(`正在处理 0 / ${total}`, `0 of ${total} done`));
  const { dialog } = openDialog(deed.verb, el("div", { class: "stack tight" }, bar, said));
  return {
    told: (done) => {
      bar.value = done;
      said.textContent = t(`正在处理 ${done} / ${total}`, `${done} of ${total} done`);
    },
    close: () => dialog.close("done"),
  };
}

function showResults(results: Result[], deed: Deed, desk: Desk): void {
  const failed = results.filter((each) => !each.ok);
  const ids = postponedOf(results);
  const good = results.length - failed.length;
  const summary = el("p", { class: "results-summary" }, t(`${good} 件${deed.done}，${failed.length} 件没有办成。`, `${good} done, ${failed.length} refused.`));
  const table = el("div", { class: "results", tabindex: "0", role: "region", "aria-label": t("逐件结果", "Results") }, tableOf(results, deed));
  const buttons = el("div", { class: "buttons" });
  const { dialog } = openDialog(t(`${deed.verb}：${results.length} 件`, `${deed.verb}: ${results.length} cases`), summary, table, buttons);
  const button = (text: string, primary: boolean, run: () => unknown) => {
    const made = el("button", { type: "button", class: primary ? "button primary" : "button" }, text);
    made.addEventListener("click", () => {
      dialog.close("chosen");
      void run();
    });
    buttons.append(made);
  };
  const again = failed.filter((each) => !FINAL.includes(each.problem?.code ?? "")).map((each) => each.target);
  if (again.length) button(t(`重试 ${again.length} 件`, `Try ${again.length} again`), true, async () => perform(await desk.asNow(again), deed, desk));
  if (ids.length) button(t(`撤销${deed.done}的 ${ids.length} 件`, `Undo the ${ids.length} done`), false, () => void undo(ids, desk));
  button(t("关闭", "Close"), false, () => undefined);
}

/** What was refused first: that is what somebody has to look at. */
function tableOf(results: Result[], deed: Deed): HTMLTableElement {
  const head = el("tr", {}, el("th", { scope: "col" }, t("事件", "Case")), el("th", { scope: "col" }, t("结果", "Result")));
  const sorted = [...results].sort((a, b) => Number(a.ok) - Number(b.ok));
  const body = el("tbody", {}, ...sorted.map((each) => rowOf(each, deed)));
  return el("table", { class: "table" }, el("thead", {}, head), body);
}

function rowOf(result: Result, deed: Deed): HTMLTableRowElement {
  const about = el("td", {}, el("span", {}, result.target.title), el("br"), el("code", { class: "quiet small" }, result.target.number));
  const said = result.ok ? deed.done : (result.problem?.title ?? "");
  const cell = el("td", { class: result.ok ? "done" : "refused" }, icon(result.ok ? "check" : "ban"), said);
  return el("tr", {}, about, cell);
}
