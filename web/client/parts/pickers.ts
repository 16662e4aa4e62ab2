/**
 * Choose a unit: type to filter, arrows and Enter to choose, Escape to close (WAI-ARIA combobox with a list).
 * Only what the server names as sensible for the action can be chosen; what is sent is the unit's code.
 */
import { get, Problem } from "./api.ts";
import { el } from "./dialogs.ts";
import { t } from "./words.ts";

interface Unit {
  code: string;
  name: string;
  badge: string;
  above: string | null;
}

const WAIT_MS = 150;

export function startPicker(picker: HTMLElement): void {
  const input = picker.querySelector<HTMLInputElement>("[role=combobox]");
  const hidden = picker.querySelector<HTMLInputElement>("input[type=hidden]");
  const list = picker.querySelector<HTMLUListElement>("[role=listbox]");
  const said = picker.querySelector<HTMLElement>("[data-picker-said]");
  if (!input || !hidden || !list || !said) return;
  new Picker(picker.dataset.picker ?? "", input, hidden, list, said);
}

class Picker {
  private units: Unit[] = [];
  private active = -1;
  private chosen = "";
  private timer = 0;
  private asked = 0;

  constructor(
    private readonly address: string,
    private readonly input: HTMLInputElement,
    private readonly hidden: HTMLInputElement,
    private readonly list: HTMLUListElement,
    private readonly said: HTMLElement,
  ) {
    this.chosen = input.value;
    input.addEventListener("input", () => this.later());
    input.addEventListener("focus", () => void this.find(""));
    input.addEventListener("keydown", (event) => this.press(event));
    input.addEventListener("blur", () => this.leave());
    list.addEventListener("pointerdown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const row = (event.target as HTMLElement).closest<HTMLElement>("[role=option]");
      if (row) this.choose(Number(row.dataset.index));
    });
  }

  private later(): void {
    this.hidden.value = "";
    this.chosen = "";
    this.check();
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.find(this.input.value.trim()), WAIT_MS);
  }

  private async find(text: string): Promise<void> {
    const asked = ++this.asked;
    try {
      const join = this.address.includes("?") ? "&" : "?";
      const answer = await get<{ units: Unit[] }>(`${this.address}${join}q=${encodeURIComponent(text)}`);
      if (asked === this.asked && document.activeElement === this.input) this.show(answer.units);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.said.textContent = error.message;
    }
  }

  private show(units: Unit[]): void {
    this.units = units;
    this.active = -1;
    this.list.replaceChildren(...units.map((unit, index) => this.row(unit, index)));
    if (units.length === 0) this.list.append(el("li", { class: "quiet", role: "presentation" }, t("没有可选的单位", "No unit fits")));
    this.said.textContent = t(`${units.length} 个可选`, `${units.length} to choose from`);
    this.open(true);
  }

  private row(unit: Unit, index: number): HTMLLIElement {
    const badge = el("span", { class: "level", "aria-hidden": "true" }, unit.badge);
    const row = el("li", { role: "option", id: `${this.list.id}-${index}`, "aria-selected": "false", "data-index": String(index) }, badge, el("span", {}, unit.name));
    if (unit.above) row.append(el("span", { class: "quiet" }, unit.above));
    return row;
  }

  private press(event: KeyboardEvent): void {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (this.list.hidden) void this.find(this.chosen ? "" : this.input.value.trim());
      else this.move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && !this.list.hidden) {
      event.preventDefault(); // Enter chooses; it does not send the form half filled in
      if (this.active >= 0) this.choose(this.active);
      else if (this.units.length === 1) this.choose(0);
    } else if (event.key === "Escape" && !this.list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      this.open(false);
    }
  }

  private move(by: number): void {
    if (this.units.length === 0) return;
    this.active = (this.active + by + this.units.length) % this.units.length;
    for (const [index, row] of [...this.list.children].entries()) row.setAttribute("aria-selected", String(index === this.active));
    const row = this.list.children[this.active];
    row?.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", row?.id ?? "");
  }

  private choose(index: number): void {
    const unit = this.units[index];
    if (!unit) return;
    this.chosen = this.input.value = unit.name;
    this.hidden.value = unit.code;
    this.said.textContent = t(`已选 ${unit.name}`, `${unit.name} chosen`);
    this.check();
    this.open(false);
    this.hidden.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** A name that was typed but not chosen would be lost: the field says so before the form is sent. */
  private check(): void {
    const half = this.input.value.trim() !== "" && this.hidden.value === "";
    this.input.setCustomValidity(half ? t("请从列表中选择单位。", "Choose a unit from the list.") : "");
  }

  private leave(): void {
    const exact = this.units.filter((unit) => unit.name === this.input.value.trim());
    if (this.hidden.value === "" && exact.length === 1 && exact[0]) this.choose(this.units.indexOf(exact[0]));
    this.check();
    this.open(false);
  }

  private open(on: boolean): void {
    this.list.hidden = !on;
    this.input.setAttribute("aria-expanded", String(on));
    if (!on) this.input.removeAttribute("aria-activedescendant");
  }
}
