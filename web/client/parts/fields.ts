/** What fields of forms can do beside holding text: count, become needed, choose a unit, upload, locate, repeat. */
import { el } from "./dialogs.ts";
import { startPicker } from "./pickers.ts";
import { startUnitList } from "./unit_lists.ts";
import { startUploads } from "./uploads.ts";
import { t } from "./words.ts";

/** Bring the fields under `root` to life; each once. */
export function startFields(root: ParentNode): void {
  each<HTMLTextAreaElement>(root, "textarea[data-counted]", startCounter);
  each<HTMLElement>(root, "[data-picker]", startPicker);
  each<HTMLElement>(root, "[data-units]", startUnitList);
  each<HTMLElement>(root, "[data-uploads]", startUploads);
  each<HTMLElement>(root, "[data-position]", startPosition);
  each<HTMLElement>(root, "[data-repeat]", startRepeat);
  each<HTMLFormElement>(root, "form[data-act]", startConditions);
}

function each<T extends HTMLElement>(root: ParentNode, selector: string, start: (found: T) => void): void {
  for (const found of root.querySelectorAll<T>(selector)) {
    if (found.dataset.started !== undefined) continue;
    found.dataset.started = "";
    start(found);
  }
}

/** How much room is left, once it becomes scarce. */
function startCounter(area: HTMLTextAreaElement): void {
  const counter = el("span", { class: "counter", "aria-live": "polite" });
  area.after(counter);
  const show = () => {
    const left = area.maxLength - area.value.length;
    counter.textContent = left < 200 ? t(`还可输入 ${left} 字`, `${left} characters left`) : "";
  };
  area.addEventListener("input", show);
  show();
}

/** A field becomes needed by what is chosen in another: `data-needed-when="data.agree:false"`. */
function startConditions(form: HTMLFormElement): void {
  const fields = [...form.querySelectorAll<HTMLTextAreaElement>("[data-needed-when]")];
  if (fields.length === 0) return;
  const apply = () => {
    for (const field of fields) {
      const [name = "", value = ""] = (field.dataset.neededWhen ?? "").split(":");
      const chosen = new FormData(form).get(name);
      field.required = chosen === value;
      const optional = field.closest(".field")?.querySelector<HTMLElement>("[data-optional]");
      if (optional) optional.hidden = field.required;
    }
  };
  form.addEventListener("change", apply);
  apply();
}

function startPosition(field: HTMLElement): void {
  const said = field.querySelector<HTMLElement>("[data-position-said]");
  const [lng, lat] = [...field.querySelectorAll<HTMLInputElement>("input[type=hidden]")];
  field.querySelector("[data-locate]")?.addEventListener("click", () => {
    if (!said || !lng || !lat) return;
    said.textContent = t("正在定位…", "Locating…");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        lng.value = coords.longitude.toFixed(6);
        lat.value = coords.latitude.toFixed(6);
        said.textContent = `${lat.value}, ${lng.value}`;
      },
      () => {
        said.textContent = t("定位不成功，可以不填。", "Could not locate; you may leave it empty.");
      },
      { enableHighAccuracy: true, timeout: 15_000 },
    );
  });
}

/** A repeated part: each copy's fields get names with its place in the list. */
function startRepeat(group: HTMLElement): void {
  const list = group.querySelector<HTMLElement>("[data-repeated]");
  const template = group.querySelector("template");
  const add = group.querySelector<HTMLButtonElement>("[data-add]");
  if (!list || !template || !add) return;
  const most = Number(group.dataset.most ?? 50);
  const renumber = () => {
    [...list.children].forEach((one, index) => {
      for (const part of one.querySelectorAll<HTMLInputElement>("[data-part]")) {
        part.name = `${group.dataset.repeat}.${index}.${part.dataset.part}`;
      }
    });
    add.hidden = list.children.length >= most;
  };
  add.addEventListener("click", () => {
    list.append(template.content.cloneNode(true));
    renumber();
    list.lastElementChild?.querySelector<HTMLElement>("input, select, textarea")?.focus();
  });
  list.addEventListener("click", (event) => {
    if (!(event.target as HTMLElement).closest("[data-remove]")) return;
    (event.target as HTMLElement).closest("[data-one]")?.remove();
    renumber();
    add.focus();
  });
}
