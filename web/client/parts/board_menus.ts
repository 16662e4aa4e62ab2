/** A small menu at a button, outside of what scrolls; arrows move, Escape closes and gives the focus back. */
import { el } from "./dialogs.ts";

export interface Choice {
  text: string;
  key?: string;
  run: () => unknown;
}

export function openMenu(button: HTMLElement, choices: Choice[]): void {
  document.querySelector(".board-menu")?.remove();
  const menu = el("div", { class: "board-menu", role: "menu" });
  for (const choice of choices) {
    const row = el("button", { type: "button", class: "menu-row", role: "menuitem", tabindex: "-1" }, choice.text);
    if (choice.key) row.append(el("kbd", { "aria-hidden": "true" }, choice.key.length === 1 ? choice.key.toUpperCase() : choice.key));
    row.addEventListener("click", () => {
      close();
      void choice.run();
    });
    menu.append(row);
  }
  const close = (focus = true) => {
    menu.remove();
    document.removeEventListener("pointerdown", outside, true);
    button.setAttribute("aria-expanded", "false");
    if (focus) button.focus();
  };
  const outside = (event: Event) => {
    if (!menu.contains(event.target as Node)) close(false);
  };
  menu.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      close();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move(menu, event.key === "ArrowDown" ? 1 : -1);
    }
  });
  (document.querySelector("main") ?? document.body).append(menu);
  place(menu, button);
  document.addEventListener("pointerdown", outside, true);
  button.setAttribute("aria-expanded", "true");
  menu.querySelector<HTMLElement>("[role=menuitem]")?.focus();
}

function move(menu: HTMLElement, by: number): void {
  const rows = [...menu.querySelectorAll<HTMLElement>("[role=menuitem]")];
  const at = rows.indexOf(document.activeElement as HTMLElement);
  rows[(at + by + rows.length) % rows.length]?.focus();
}

function place(menu: HTMLElement, button: HTMLElement): void {
  const box = button.getBoundingClientRect();
  const below = box.bottom + 4 + menu.offsetHeight < window.innerHeight;
  menu.style.top = `${below ? box.bottom + 4 : Math.max(8, box.top - 4 - menu.offsetHeight)}px`;
  menu.style.left = `${Math.max(8, Math.min(box.right - menu.offsetWidth, window.innerWidth - menu.offsetWidth - 8))}px`;
}
