/** Native dialogs, made when they are needed. */
import { t } from "./words.ts";

export function icon(name: string): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${document.body.dataset.icons ?? ""}#${name}`);
  svg.append(use);
  return svg;
}

/** A small element: tag, attributes, children. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** A modal dialog with a title and a way out; resolves when it is closed. */
export function openDialog(title: string, ...content: Node[]): { dialog: HTMLDialogElement; closed: Promise<string> } {
  const id = `dialog-${Math.random().toString(36).slice(2)}`;
  const close = el("button", { class: "tool", type: "button", "aria-label": t("关闭", "Close") }, icon("x"));
  const head = el("div", { class: "dialog-head" }, el("h2", { id }, title), close);
  const dialog = el("dialog", { "aria-labelledby": id }, head, ...content);
  document.body.append(dialog);
  close.addEventListener("click", () => dialog.close("dismissed"));
  const closed = new Promise<string>((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
  });
  dialog.showModal();
  return { dialog, closed };
}
