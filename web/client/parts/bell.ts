/** The count at the bell in the bar. */
import { el } from "./dialogs.ts";

export function showUnread(unread: number): void {
  const known = document.querySelector<HTMLElement>("[data-unread]");
  if (unread === 0) {
    known?.remove();
    return;
  }
  const text = unread < 100 ? String(unread) : "99+";
  if (known) known.textContent = text;
  else document.querySelector('.bar-tools a[href="/notices"]')?.append(el("span", { class: "count", "data-unread": "" }, text));
}
