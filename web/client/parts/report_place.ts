/** The place of a report: found from the phone's position, or chosen from a list that starts with the own cells. */
import { get } from "./api.ts";
import { el, icon, openDialog } from "./dialogs.ts";
import type { FormState, Kit, Place } from "./phone_store.ts";
import { t } from "./words.ts";

type Position = FormState["position"];

const GOOD_METRES = 200;
/** A position less exact than this says too little about a grid. */
const MOST_LISTED = 60;
const GROUPS = [t("我的", "Mine"), t("本村（社区）", "My village"), t("其他", "Others")];

export interface PlaceField {
  code: () => string | null;
  position: () => Position;
  name: () => string;
  /** Show what was chosen before. */
  restore: (code: string | null, position: Position) => void;
  /** Ask the phone where it is. */
  locate: () => Promise<void>;
  /** Where a photo was taken, while the phone does not know. */
  suggest: (position: { lng: number; lat: number }) => void;
}

export function placeField(kit: Kit, changed: () => void): PlaceField {
  const button = byId<HTMLButtonElement>("place");
  let code: string | null = kit.home;
  let position: Position = null;
  let chosen = false;

  const nameOf = (wanted: string | null) => kit.places.find((each) => each.code === wanted)?.name ?? "";

  function show(how: string): void {
    byId("place-name").textContent = nameOf(code) || t("请选择地点", "Choose the place");
    byId("place-how").textContent = how;
    changed();
  }

  async function found(at: NonNullable<Position>): Promise<void> {
    position = at;
    const exact = at.accuracy > 0 ? ` ±${Math.round(at.accuracy)} ${t("米", "m")}` : "";
    if (chosen) return show(t("您选择的", "chosen by you"));
    const home = t("先按您的网格", "your own grid for now");
    if (at.accuracy > GOOD_METRES) return show(t(`定位不够准${exact}，${home}`, `position not exact enough${exact}; ${home}`));
    try {
      const { unit } = await get<{ unit: { code: string } | null }>(`/api/v1/units/at?lng=${at.lng}&lat=${at.lat}`, { quiet: true });
      if (chosen) return;
      if (unit && nameOf(unit.code)) {
        code = unit.code;
        return show(t(`按定位${exact}`, `by position${exact}`));
      }
      show(t(`您不在可上报的网格内，${home}`, `outside of where you report; ${home}`));
    } catch {
      if (!chosen) show(t(`已记录位置${exact}，${home}`, `position kept${exact}; ${home}`));
    }
  }

  function choose(place: Place): void {
    code = place.code;
    chosen = true;
    show(t("您选择的", "chosen by you"));
  }

  button.addEventListener("click", () => openList(kit, code, choose));
  return {
    code: () => code,
    position: () => position,
    name: () => nameOf(code),
    restore(before, at) {
      position = at;
      chosen = before !== null && nameOf(before) !== "";
      if (chosen) code = before;
      show(chosen ? t("您之前选择的", "chosen before") : t("您的网格", "your own grid"));
    },
    suggest(at) {
      if (position === null) void found({ ...at, accuracy: 0 });
    },
    async locate() {
      const at = await ask();
      if (at) await found(at);
      else if (!chosen && position === null) show(t("没有定位，先按您的网格", "no position; your own grid for now"));
    },
  };
}

function ask(): Promise<Position> {
  return new Promise((resolve) => {
    if (!navigator.geolocation) return resolve(null);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ lng: round(coords.longitude), lat: round(coords.latitude), accuracy: coords.accuracy }),
      () => resolve(null),
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 60_000 },
    );
  });
}

/** A tenth of a metre is more than any phone knows. */
function round(degrees: number): number {
  return Math.round(degrees * 1e6) / 1e6;
}

function openList(kit: Kit, current: string | null, choose: (place: Place) => void): void {
  const search = el("input", { type: "search", id: "place-search", autocomplete: "off", enterkeyhint: "search" });
  const list = el("div", { class: "place-list", tabindex: "-1" });
  const label = el("label", { for: "place-search" }, t("按名称查找", "Find by name"));
  const { dialog } = openDialog(t("选择地点", "Choose the place"), el("div", { class: "field" }, label, search), list);
  dialog.classList.add("place-dialog");

  function show(): void {
    const words = search.value.trim();
    const fitting = kit.places.filter((place) => place.name.includes(words));
    const shown = fitting.slice(0, MOST_LISTED);
    const groups = GROUPS.map((heading, near) => [heading, shown.filter((place) => place.near === near)] as const);
    list.replaceChildren(
      ...groups.filter(([, places]) => places.length > 0).flatMap(([heading, places]) => [el("h3", {}, heading), ...places.map(row)]),
      fitting.length > shown.length ? el("p", { class: "quiet small" }, t(`还有 ${fitting.length - shown.length} 个，请输入名称`, `${fitting.length - shown.length} more; type a name`)) : "",
      fitting.length === 0 ? el("p", { class: "quiet" }, t("没有这个名称的地点，请换个字试试。", "No place of this name; try another word.")) : "",
    );
  }

  function row(place: Place): HTMLElement {
    const made = el("button", { type: "button", class: "place-choice" }, place.name);
    if (place.code === current) made.append(icon("check"));
    made.addEventListener("click", () => {
      dialog.close();
      choose(place);
    });
    return made;
  }

  search.addEventListener("input", show);
  show();
}

function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  return document.getElementById(id) as E;
}
