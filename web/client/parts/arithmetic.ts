/** `<button data-how="…">`: a tap shows how a figure was reckoned; its title shows the same on hover. */
import { el } from "./dialogs.ts";

const GAP = 4;

export function startArithmetic(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-how]");
    const shown = document.querySelector<HTMLElement>(".how");
    const again = shown?.dataset.of === button?.dataset.how;
    shown?.remove();
    if (button && !(shown && again)) show(button);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") document.querySelector(".how")?.remove();
  });
}

function show(button: HTMLElement): void {
  const text = button.dataset.how ?? "";
  const note = el("div", { class: "how", role: "status", "data-of": text }, text);
  document.getElementById("main")?.append(note);
  const at = button.getBoundingClientRect();
  const right = Math.min(at.right, document.documentElement.clientWidth - 12);
  note.style.left = `${Math.max(right - note.offsetWidth, 12) + scrollX}px`;
  note.style.top = `${at.bottom + GAP + scrollY}px`;
}
