/** The triage board: queue, panel, keys, menus, views. */
import { startActions } from "../parts/actions.ts";
import { Board, need } from "../parts/board.ts";
import { type Desk, undo } from "../parts/board_acts.ts";
import { Deeds } from "../parts/board_deeds.ts";
import { lineOf, targetOf } from "../parts/board_lines.ts";
import { openMenu } from "../parts/board_menus.ts";
import { Panel } from "../parts/board_panel.ts";
import { startViews } from "../parts/board_views.ts";
import { type Key, startKeys } from "../parts/keys.ts";
import { t } from "../parts/words.ts";

const board = new Board(need(document, "main.board"));
const panel = new Panel(board);
const desk: Desk = {
  changed: acted,
  asNow: async (targets) => {
    await board.look(true);
    return targets.map((target) => {
      const line = board.lineOfItem(target.item);
      return line ? targetOf(line) : target;
    });
  },
};
const deeds = new Deeds(board, desk);
board.changed = () => panel.check();

const DEEDS: { key: string; code: string; says: string }[] = [
  { key: "1", code: "accept", says: t("受理", "Accept") },
  { key: "2", code: "merge", says: t("并案（疑似重复）", "Merge (duplicate)") },
  { key: "3", code: "decline", says: t("不予受理", "Decline") },
  { key: "a", code: "assign", says: t("交办", "Assign") },
  { key: "t", code: "transfer", says: t("转办", "Transfer") },
  { key: "h", code: "suspend", says: t("申请挂账", "Ask for a suspension") },
  { key: "e", code: "claim", says: t("签收", "Claim") },
];

startActions();
startViews(board);
startKeys(keys(), (on) => {
  need(document, "[data-keys-shown]").hidden = !on;
});
board.main.addEventListener("click", click);
document.addEventListener("acted", acted);
document.addEventListener("keydown", back);
startFilters(need<HTMLFormElement>(document, "[data-filters]"));

function keys(): Key[] {
  return [
    { key: "j", says: t("下一件", "next"), run: () => move(1) },
    { key: "k", says: t("上一件", "previous"), run: () => move(-1) },
    { key: "x", says: t("选择、取消选择（Shift 加点击选一段）", "select or not (Shift and a click selects a range)"), run: () => board.togglePick() },
    ...DEEDS.map(({ key, code, says }) => ({ key, says, run: () => deeds.run(code) })),
    { key: "?", says: t("全部按键", "all keys"), run: () => need(document, "[data-help]").click() },
  ];
}

function move(by: number): void {
  const line = board.move(by);
  if (panel.isOpen && line?.dataset.case) panel.openLater(line.dataset.case);
}

function acted(): void {
  void board.look(true);
  void panel.reload();
}

/** Escape: first the panel, then the selection; open dialogs and menus close by themselves. */
function back(event: KeyboardEvent): void {
  if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open], [role=menu], details.menu[open]")) return;
  if (panel.isOpen) panel.close();
  else board.pickNone();
}

function click(event: MouseEvent): void {
  const target = event.target as HTMLElement;
  const at = <T extends HTMLElement>(selector: string) => target.closest<T>(selector);
  const line = lineOf(target);
  const pressed = at<HTMLElement>("[data-do], [data-undo], [data-merge-into], [data-line-menu], [data-pick-none], [data-move], [data-close-panel], [data-more]");
  if (pressed) {
    if (pressed instanceof HTMLAnchorElement) event.preventDefault();
    press(pressed, line);
  } else if (line && !at(".pick") && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    line.querySelector<HTMLElement>("a.line-link")?.focus({ preventScroll: true });
    void panel.open(line.dataset.case ?? "");
  }
}

function press(button: HTMLElement, line: HTMLTableRowElement | null): void {
  const { do: code, undo: act, mergeInto, case: number = "", move: by, more } = button.dataset;
  if (code) void deeds.run(code, line ? [targetOf(line)] : undefined);
  else if (act) void undo([Number(act)], desk);
  else if (mergeInto) void deeds.mergeInto(number, mergeInto);
  else if (by) move(Number(by));
  else if (more) void board.more(Number(more));
  else if (button.matches("[data-pick-none]")) board.pickNone();
  else if (button.matches("[data-close-panel]")) panel.close();
  else if (line) openLineMenu(button, line);
}

function openLineMenu(button: HTMLElement, line: HTMLTableRowElement): void {
  const target = targetOf(line);
  const possible = DEEDS.filter(({ code }) => target.doing.includes(code));
  openMenu(button, [
    { text: t("打开", "Open"), key: "Enter", run: () => panel.open(target.number) },
    ...possible.map(({ key, code, says }) => ({ text: says, key, run: () => deeds.run(code, [target]) })),
    { text: t("打开完整页面", "Open its page"), run: () => location.assign(`/cases/${encodeURIComponent(target.number)}`) },
  ]);
}

/** A filter acts when it is chosen; what is left open does not stand in the address. */
function startFilters(form: HTMLFormElement): void {
  form.addEventListener("change", (event) => {
    if ((event.target as HTMLElement).matches("select")) form.requestSubmit();
  });
  need(form, "[data-toggle-filters]").addEventListener("click", () => form.toggleAttribute("data-all"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = [...new FormData(form)].filter(([, value]) => value !== "").map(([name, value]) => [name, String(value)]);
    const query = new URLSearchParams(given);
    location.assign(query.size ? `/triage?${query}` : "/triage");
  });
}
