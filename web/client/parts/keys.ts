/**
 * Single-key shortcuts (WCAG 2.1.4): they can be switched off, which this browser remembers; they never fire while
 * somebody types, composes Chinese, or stands in a dialog. Each has a visible twin; the help names them all.
 */
import { el, openDialog } from "./dialogs.ts";
import { t } from "./words.ts";

export interface Key {
  /** As `KeyboardEvent.key` has it, in lower case. */
  key: string;
  says: string;
  run: () => unknown;
}

const SWITCH = "gridgov:keys";
const TYPING = "textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=button])";

export function keysAreOn(): boolean {
  return localStorage.getItem(SWITCH) !== "off";
}

export function startKeys(keys: readonly Key[], changed: (on: boolean) => void): void {
  const byKey = new Map(keys.map((each) => [each.key, each]));
  document.addEventListener("keydown", (event) => {
    const known = byKey.get(event.key.toLowerCase());
    if (!known || !mayFire(event)) return;
    event.preventDefault();
    void known.run();
  });
  for (const button of document.querySelectorAll("[data-help]")) {
    button.addEventListener("click", () => showKeys(keys, changed));
  }
  changed(keysAreOn());
}

function mayFire(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.isComposing || event.repeat) return event.repeat && isMove(event);
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  return keysAreOn() && isFree(event);
}

/** Holding J or K runs through the list; everything else acts once for each press. */
function isMove(event: KeyboardEvent): boolean {
  return /^[jk]$/i.test(event.key) && !event.defaultPrevented && keysAreOn() && isFree(event);
}

function isFree(event: KeyboardEvent): boolean {
  const target = event.target as Element;
  return !target.closest(TYPING) && !document.querySelector("dialog[open], [role=menu]");
}

/** The help: every key with what it does, and the switch. */
export function showKeys(keys: readonly Key[], changed: (on: boolean) => void): void {
  const list = el("dl", { class: "key-list" });
  for (const each of keys) list.append(el("dt", {}, el("kbd", {}, nameOf(each.key))), el("dd", {}, each.says));
  list.append(el("dt", {}, el("kbd", {}, "Enter")), el("dd", {}, t("打开所在的事件", "open the case of the line")));
  list.append(el("dt", {}, el("kbd", {}, "Esc")), el("dd", {}, t("返回、关闭", "back, close")));
  list.append(el("dt", {}, el("kbd", {}, "Ctrl"), " ", el("kbd", {}, "K")), el("dd", {}, t("查找", "find")));
  const box = el("input", { type: "checkbox", id: "keys-on" });
  box.checked = keysAreOn();
  box.addEventListener("change", () => {
    localStorage.setItem(SWITCH, box.checked ? "on" : "off");
    changed(box.checked);
  });
  const said = t("使用单键快捷键（关闭后仍可用鼠标和 Tab 键操作）", "Use single keys (without them everything works by mouse and Tab)");
  openDialog(t("键盘快捷键", "Keyboard"), list, el("label", { class: "check", for: "keys-on" }, box, said));
}

function nameOf(key: string): string {
  return key.length === 1 ? key.toUpperCase() : key;
}
