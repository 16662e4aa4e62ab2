/**
 * Acting on a case from anywhere: `<button data-action="refer_up" data-case="NUMBER">` opens the form in a dialog.
 *
 * `data-done="event"` on the button: the page stays, and the event `acted` (detail: the answer, with `number` and
 * `code`) is fired at the button when it was done; otherwise the page is loaded again.
 */
import { problemOf } from "./api.ts";
import { el, openDialog } from "./dialogs.ts";
import { restoreForms } from "./forms.ts";
import { startFields } from "./fields.ts";
import { signInAgain } from "./sign_in.ts";
import { t } from "./words.ts";

let started = false;

export function startActions(): void {
  if (started) return;
  started = true;
  document.addEventListener("click", (event) => {
    const button = (event.target as HTMLElement).closest<HTMLElement>("[data-action][data-case]");
    if (button) void openAction(button);
  });
  startFields(document);
}

/** Open the form of an action; resolves when its dialog is closed. */
export async function openAction(button: HTMLElement): Promise<void> {
  const { action = "", case: number = "", done = "reload", main } = button.dataset;
  button.closest("dialog")?.close("dismissed");
  const query = new URLSearchParams({ done, ...(main ? { main } : {}) });
  const html = await fragment(`/cases/${encodeURIComponent(number)}/act/${encodeURIComponent(action)}?${query}`);
  const content = el("div");
  content.innerHTML = html; // our own server's template, escaped there
  const title = content.querySelector<HTMLElement>("[data-title]")?.dataset.title ?? button.textContent?.trim() ?? "";
  const { dialog, closed } = openDialog(title, content);
  startFields(dialog);
  restoreForms();
  dialog.querySelector<HTMLElement>("textarea, select, input:not([type=hidden]), .button")?.focus();
  dialog.addEventListener("click", (event) => {
    if ((event.target as HTMLElement).closest("[data-close]")) dialog.close("dismissed");
  });
  dialog.addEventListener("acted", (event) => {
    event.stopPropagation();
    const detail = { ...(event as CustomEvent).detail, number, code: action };
    dialog.close("acted");
    (button.isConnected ? button : document).dispatchEvent(new CustomEvent("acted", { bubbles: true, detail }));
  });
  const how = await closed;
  if (how !== "acted" && button.isConnected) button.focus();
}

/** A part of a page; an ended session is signed in again, a refusal is told in its place. */
export async function fragment(path: string): Promise<string> {
  const headers = { "HX-Request": "true", Accept: "text/html" };
  try {
    let response = await fetch(path, { headers });
    if (response.status === 401 && (await signInAgain())) response = await fetch(path, { headers });
    const text = await response.text();
    if (response.ok) return text;
    const problem = problemOf(response.status, text);
    return el("p", { class: "problem", role: "alert" }, `${problem.title} ${problem.detail}`).outerHTML;
  } catch {
    const said = t("连不上服务器，网络恢复后请重试。", "The server cannot be reached; try again when the network is back.");
    return el("p", { class: "problem", role: "alert" }, said).outerHTML;
  }
}
