/** Short news at the edge of the page, with undo for ten seconds; never for errors. */
import { el } from "./dialogs.ts";
import { t } from "./words.ts";

const SHOWN_MS = 5_000;
export const UNDO_MS = 10_000;
const KEPT = "gridgov:toast";

export function toast(text: string, undo?: () => unknown): void {
  const line = el("div", { class: "toast" }, el("span", {}, text));
  const timer = setTimeout(() => line.remove(), undo ? UNDO_MS : SHOWN_MS);
  if (undo) {
    const button = el("button", { type: "button" }, t("撤销", "Undo"));
    button.addEventListener("click", () => {
      clearTimeout(timer);
      line.remove();
      undo();
    });
    line.append(button);
  }
  document.getElementById("toasts")?.append(line);
}

/** Shown by the page that comes next. */
export function toastAfterReload(text: string): void {
  sessionStorage.setItem(KEPT, text);
}

export function showKeptToast(): void {
  const text = sessionStorage.getItem(KEPT);
  sessionStorage.removeItem(KEPT);
  if (text) toast(text);
}
