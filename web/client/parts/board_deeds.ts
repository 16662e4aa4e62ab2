/** What can be done to lines from the queue: with one key, from a menu, or with a form that serves many at once. */
import { openAction } from "./actions.ts";
import { get, type Json, Problem } from "./api.ts";
import type { Board } from "./board.ts";
import { type Deed, type Desk, perform, send, type Target, tell } from "./board_acts.ts";
import { targetOf } from "./board_lines.ts";
import { el, openDialog } from "./dialogs.ts";
import { bodyOf, clearErrors, forget, problemText, showProblem } from "./forms.ts";
import { t } from "./words.ts";

interface Twin {
  number: string;
  title: string;
  reasons: { zh: string; en: string }[];
}

const VERBS: Record<string, [verb: string, done: string]> = {
  accept: [t("受理", "accept"), t("已受理", "accepted")],
  accept_case: [t("立案", "accept"), t("已立案", "accepted")],
  claim: [t("签收", "claim"), t("已签收", "claimed")],
  merge: [t("并案", "merge"), t("已并案", "merged")],
  decline: [t("不予受理", "decline"), t("已不予受理", "declined")],
  assign: [t("交办", "assign"), t("已交办", "assigned")],
  transfer: [t("转办", "transfer"), t("已转办", "transferred")],
};
const COMPLETES = /^\/api\/v1\/work-items\/(\d+)\/complete$/;
/** Elements whose form calls its outcome `result`. */
const BY_RESULT = ["verify"];

export class Deeds {
  /** The lines that the form which is open now is for, when it is for many. */
  private many: Target[] | null = null;

  constructor(
    private readonly board: Board,
    private readonly desk: Desk,
  ) {
    document.addEventListener("submit", (event) => this.intercept(event), true);
  }

  /** Do `code` to the picked lines or the current one. */
  run(code: string, targets = this.board.targets): Promise<void> {
    const [first] = targets;
    if (!first) return this.refuse(t("队列是空的。", "The queue is empty."));
    if (code === "claim") return this.perform(targets, deed(code, () => null));
    if (code === "accept") return this.perform(targets, deed(code, (target) => outcome(target, code, {})));
    if (targets.length === 1 && !first.doing.includes(code)) return this.refuse(notHere(first, code));
    if (code === "merge") return targets.length === 1 ? this.merge(first) : this.refuse(oneByOne(t("并案", "Merging")));
    if (code === "suspend") return targets.length === 1 ? this.form("request_suspension", [first]) : this.refuse(oneByOne(t("挂账", "Suspending")));
    return this.form(code, targets);
  }

  mergeInto(number: string, main: string): Promise<void> {
    const line = this.board.lineOfCase(number);
    const target = line && targetOf(line);
    if (!target) return this.refuse(t("这件事已离开您的队列。", "This case has left your queue."));
    return this.perform([target], deed("merge", (each) => outcome(each, "merge", { main_case: main })));
  }

  private async perform(targets: Target[], wanted: Deed): Promise<void> {
    this.board.pickNone();
    await perform(targets, wanted, this.desk);
  }

  private async refuse(text: string): Promise<void> {
    this.board.say(text);
  }

  /** The form of one case serves all: same unit, same choices; each line answers for itself. */
  private async form(code: string, targets: Target[]): Promise<void> {
    const fitting = targets.find((target) => target.doing.includes(code)) ?? targets[0];
    if (!fitting) return;
    this.many = targets.length > 1 ? targets : null;
    const button = el("button", { "data-action": code, "data-case": fitting.number, "data-done": "event" });
    await openAction(button);
    this.many = null;
    if (!document.querySelector("dialog[open]")) this.board.focusCurrent();
  }

  /** Likely duplicates, each to be merged into with one press. */
  private async merge(target: Target): Promise<void> {
    const found = await this.twins(target);
    if (found === null) return;
    const list = el("ul", { class: "stack tight doubles-list" });
    const other = el("button", { type: "button", class: "button" }, t("填写其他主案编号", "Another main case"));
    const text = found.length ? t("并入哪一件？本件结束，在主案中继续办理。", "Into which? This case ends and goes on in the main one.") : t("没有找到疑似重复的事件。", "No likely duplicates were found.");
    const content = el("div", { class: "stack" }, el("p", {}, text), list, other);
    const { dialog } = openDialog(t("并案", "Merge"), content);
    for (const twin of found) {
      const button = el("button", { type: "button", class: "button small" }, t("并入", "Merge into it"));
      button.addEventListener("click", () => {
        dialog.close("chosen");
        void this.mergeInto(target.number, twin.number);
      });
      const why = twin.reasons.map((reason) => t(reason.zh, reason.en)).join(" · ");
      list.append(el("li", {}, el("div", {}, el("b", {}, twin.title), el("br"), el("span", { class: "quiet small" }, `${twin.number} · ${why}`)), button));
    }
    other.addEventListener("click", () => {
      dialog.close("chosen");
      void this.form("merge", [target]);
    });
    (list.querySelector("button") ?? other).focus();
  }

  private async twins(target: Target): Promise<Twin[] | null> {
    try {
      const answer = await get<{ duplicates: Twin[] }>(`/api/v1/duplicates?number=${encodeURIComponent(target.number)}`);
      return answer.duplicates;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      await this.refuse(problemText(error));
      return null;
    }
  }

  /** A form that completes an item is sent as an act that can be undone; for many, once for each of them. */
  private intercept(event: SubmitEvent): void {
    const form = event.target as HTMLFormElement;
    const item = COMPLETES.exec(form.dataset.act ?? "")?.[1];
    if (!item || !form.closest("dialog")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (form.getAttribute("aria-busy") !== "true") void this.submit(form, Number(item));
  }

  private async submit(form: HTMLFormElement, item: number): Promise<void> {
    clearErrors(form);
    const { data, version } = bodyOf(form) as { data: Json; version: number };
    const { code = "" } = form.dataset;
    const { many } = this;
    if (many) {
      const { result: _result, outcome: _outcome, ...fields } = data;
      finish(form, {});
      await this.perform(many, deed(code, (target) => outcome(target, code, fields)));
      return;
    }
    const line = this.board.lineOfItem(item);
    const number = form.querySelector("code")?.textContent ?? "";
    const known = line ? targetOf(line) : { number, title: number, element: "", step: "", doing: [code] };
    const wanted = deed(code, () => data, form.dataset.title);
    form.setAttribute("aria-busy", "true");
    const [result] = await send([{ ...known, item, version }], wanted);
    form.setAttribute("aria-busy", "false");
    if (!result?.ok) {
      const problem = result?.problem ?? { code: "", title: "", detail: "" };
      const { errors = [], ...rest } = problem;
      showProblem(form, new Problem({ status: 409, ...rest, errors }));
      return;
    }
    finish(form, { item });
    tell([result], wanted, this.desk);
  }
}

function finish(form: HTMLFormElement, detail: Json): void {
  forget(form);
  form.dispatchEvent(new CustomEvent("acted", { bubbles: true, detail }));
}

function deed(code: string, form: Deed["form"], title = ""): Deed {
  const [verb, done] = VERBS[code] ?? [title, t(`已${title}`, `done: ${title}`)];
  return { verb, done, form };
}

/** The form of a line with this outcome, or why the line does not take it. */
function outcome(target: Target, code: string, fields: Json): Json | string {
  if (!target.doing.includes(code)) return notHere(target, code);
  return { [BY_RESULT.includes(target.element) ? "result" : "outcome"]: code, ...fields };
}

function notHere(target: Target, code: string): string {
  const verb = VERBS[code]?.[0] ?? t("挂账", "suspend");
  return t(`“${target.step}”环节不能${verb}。`, `Not possible at this step (${target.step}): ${verb}.`);
}

function oneByOne(what: string): string {
  return t(`${what}请逐件办理。`, `${what} is done one by one.`);
}
