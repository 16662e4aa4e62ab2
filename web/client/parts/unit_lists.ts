/**
 * Choose several units of a list: type to narrow it, tick; how many are ticked is said below.
 *
 * `data-units-when="data.finished:false"`: shown, and needed, only while that is chosen in another field.
 */
import { t } from "./words.ts";

export function startUnitList(group: HTMLElement): void {
  const boxes = [...group.querySelectorAll<HTMLInputElement>("input[type=checkbox]")];
  const find = group.querySelector<HTMLInputElement>("[data-units-find]");
  const said = group.querySelector<HTMLElement>("[data-units-said]");
  const [other = "", value = ""] = (group.dataset.unitsWhen ?? "").split(":"); // asked for only when that is chosen
  const form = group.closest("form");
  const wanted = () => !other || (form !== null && new FormData(form).get(other) === value);
  const show = () => {
    group.hidden = !wanted();
    for (const box of boxes) box.disabled = group.hidden;
    const chosen = boxes.filter((box) => box.checked).length;
    if (said) said.textContent = chosen > 0 ? t(`已选 ${chosen} 个`, `${chosen} chosen`) : "";
    const needed = group.dataset.unitsNeeded !== undefined || (other !== "" && !group.hidden);
    const missing = needed && chosen === 0;
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
  form?.addEventListener("change", show); // what was typed before comes back with this event
  show();
}
