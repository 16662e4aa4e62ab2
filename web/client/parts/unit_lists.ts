/** Choose several units of a list: type to narrow it, tick; how many are ticked is said below. */
import { t } from "./words.ts";

export function startUnitList(group: HTMLElement): void {
  const boxes = [...group.querySelectorAll<HTMLInputElement>("input[type=checkbox]")];
  const find = group.querySelector<HTMLInputElement>("[data-units-find]");
  const said = group.querySelector<HTMLElement>("[data-units-said]");
  const show = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    if (said) said.textContent = chosen > 0 ? t(`已选 ${chosen} 个`, `${chosen} chosen`) : "";
    const missing = group.dataset.unitsNeeded !== undefined && chosen === 0;
    boxes[0]?.setCustomValidity(missing ? t("至少选一个单位。", "Choose at least one unit.") : "");
  };
  const narrow = () => {
    const text = (find?.value ?? "").trim().toLowerCase();
    for (const box of boxes) {
      const row = box.closest("label");
      if (row) row.hidden = !box.checked && !(row.textContent ?? "").toLowerCase().includes(text);
    }
  };
  find?.addEventListener("input", narrow);
  find?.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault(); // it looks something up; it does not send the form
  });
  boxes[0]?.addEventListener("invalid", () => {
    if (find) find.value = "";
    narrow(); // what is wrong must be in sight
  });
  group.addEventListener("change", show);
  group.closest("form")?.addEventListener("change", show); // what was typed before comes back with this event
  show();
}
