/** A citizen's report: place by position or by list, photos made small, one case however often it is sent. */
import { get, newKey, Problem, post } from "./api.ts";
import { el } from "./dialogs.ts";
import { clearErrors, problemText, showProblem } from "./forms.ts";
import { appendPhotos, photoStrip } from "./photos.ts";
import { type Receipt, showReceipt } from "./receipt.ts";
import { t } from "./words.ts";

interface Place {
  code: string;
  name: string;
  level: string;
}
interface Spot {
  /** The unit found, which may be smaller than what the lists offer. */
  place: string;
  lng: number;
  lat: number;
}

const REPORTS = "/api/v1/citizen/reports";
const KEPT = "gridgov:citizen-report";
const POSITION: PositionOptions = { enableHighAccuracy: true, timeout: 10_000, maximumAge: 60_000 };

export function startReporting(form: HTMLFormElement): void {
  let key = newKey();
  let changed = false;
  const touched = () => {
    changed = true;
    keep(form);
  };
  const root = form.querySelector<HTMLElement>("[data-photos]");
  const strip = root ? photoStrip(root, touched) : null;
  const places = startPlaces(form, touched);
  restore(form);
  void places.restored();
  form.addEventListener("input", touched);
  form.addEventListener("change", touched);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.getAttribute("aria-busy") === "true") return;
    if (changed) key = newKey(); // another text is another intention; the same one sent again is not
    changed = false;
    clearErrors(form);
    busy(form, true);
    try {
      await strip?.ready();
      const receipt = await post<Receipt & Record<string, unknown>>(form.dataset.report || REPORTS, bodyOf(form, strip?.photos() ?? [], places.spot()), { key });
      sessionStorage.removeItem(slot(form));
      finish(form, receipt);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.body.code === "looks_like_a_machine") await freshToken(form);
      showProblem(form, error);
    } finally {
      busy(form, false);
    }
  });
}

function finish(form: HTMLFormElement, receipt: Receipt): void {
  const page = form.closest<HTMLElement>("[data-report-page]");
  const shown = document.querySelector<HTMLElement>("[data-receipt]");
  if (!page || !shown) return;
  form.reset();
  page.hidden = true;
  showReceipt(shown, receipt);
}

function bodyOf(form: HTMLFormElement, photos: { blob: Blob }[], spot: Spot | null): FormData {
  const body = new FormData();
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string" && value.trim() !== "") body.append(name, value);
  }
  if (spot) {
    body.set("place", spot.place);
    body.set("lng", String(spot.lng));
    body.set("lat", String(spot.lat));
  }
  appendPhotos(body, photos);
  return body;
}

function busy(form: HTMLFormElement, on: boolean): void {
  form.setAttribute("aria-busy", String(on));
  form.querySelector("[data-send]")?.setAttribute("aria-busy", String(on));
}

/** The page lay open for days: the form goes on with a new token. */
async function freshToken(form: HTMLFormElement): Promise<void> {
  const page = new DOMParser().parseFromString(await (await fetch(location.pathname)).text(), "text/html");
  const fresh = page.querySelector<HTMLInputElement>("input[name=token]");
  const token = form.querySelector<HTMLInputElement>("input[name=token]");
  if (fresh && token) token.value = fresh.value;
}

interface Places {
  spot: () => Spot | null;
  restored: () => Promise<void>;
}

function startPlaces(form: HTMLFormElement, touched: () => void): Places {
  const upper = form.querySelector<HTMLSelectElement>("[data-subdistrict]");
  const lower = form.querySelector<HTMLSelectElement>("[data-village]");
  const said = form.querySelector<HTMLElement>("[data-located]");
  const button = form.querySelector<HTMLButtonElement>("[data-locate]");
  let spot: Spot | null = null;

  const say = (text: string) => {
    if (said) said.textContent = text;
  };

  async function offer(under: string, chosen = ""): Promise<void> {
    if (!lower) return;
    lower.disabled = true;
    if (!under) return;
    const answer = await get<{ places: Place[] }>(`/api/v1/citizen/places?under=${encodeURIComponent(under)}`);
    const none = el("option", { value: "" }, t("请选择", "Choose"));
    lower.replaceChildren(none, ...answer.places.map((place) => el("option", { value: place.code }, place.name)));
    lower.value = chosen;
    lower.disabled = false;
  }

  async function locate(): Promise<void> {
    button?.setAttribute("aria-busy", "true");
    say(t("正在定位…", "Looking for your position …"));
    try {
      const { coords } = await new Promise<GeolocationPosition>((found, failed) => navigator.geolocation.getCurrentPosition(found, failed, POSITION));
      const query = new URLSearchParams({ lng: String(coords.longitude), lat: String(coords.latitude) });
      const answer = await get<{ unit: Place | null; path: Place[] }>(`/api/v1/citizen/place?${query}`);
      const village = answer.path.find((place) => place.level === "village");
      const subdistrict = answer.path.find((place) => place.level === "subdistrict");
      if (!answer.unit || !village || !subdistrict || !upper) return say(t("您现在的位置不在本区，请从列表选择。", "You are outside of the district now; choose from the lists."));
      upper.value = subdistrict.code;
      await offer(subdistrict.code, village.code);
      spot = { place: answer.unit.code, lng: coords.longitude, lat: coords.latitude };
      touched();
      say(t(`已定位：${nameOf(answer.path)}`, `Found: ${nameOf(answer.path)}`));
    } catch (error) {
      say(error instanceof Problem ? problemText(error) : t("没有取得位置，请从列表选择。", "Your position was not found; choose from the lists."));
    } finally {
      button?.removeAttribute("aria-busy");
    }
  }

  const chosen = () => {
    spot = null;
    say("");
  };
  upper?.addEventListener("change", () => {
    chosen();
    offer(upper.value).catch((error) => say(problemText(error)));
  });
  lower?.addEventListener("change", chosen);
  button?.addEventListener("click", () => void locate());
  return {
    spot: () => spot,
    restored: async () => {
      if (upper?.value) await offer(upper.value, lower?.dataset.kept).catch(() => undefined);
    },
  };
}

function nameOf(path: Place[]): string {
  return path.map((place) => place.name).join(" › ");
}

/* What was typed stays in this tab until it is sent. */

/** One for each way to report: a contact card's form is not the other's. */
function slot(form: HTMLFormElement): string {
  return form.dataset.report ? `${KEPT}:${form.dataset.report}` : KEPT;
}

function keep(form: HTMLFormElement): void {
  const values = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !["token", "website", "card"].includes(name));
  const upper = form.querySelector<HTMLSelectElement>("[data-subdistrict]")?.value ?? "";
  sessionStorage.setItem(slot(form), JSON.stringify([["subdistrict", upper], ...values]));
}

function restore(form: HTMLFormElement): void {
  for (const [name, value] of JSON.parse(sessionStorage.getItem(slot(form)) ?? "[]") as [string, string][]) {
    if (name === "subdistrict") {
      const upper = form.querySelector<HTMLSelectElement>("[data-subdistrict]");
      if (upper) upper.value = value;
    } else if (name === "place") {
      const lower = form.querySelector<HTMLSelectElement>("[data-village]");
      if (lower) lower.dataset.kept = value;
    } else {
      for (const control of form.querySelectorAll<HTMLInputElement>(`[name="${CSS.escape(name)}"]`)) {
        if (["radio", "checkbox"].includes(control.type)) control.checked = control.value === value;
        else if (control.type !== "file") control.value = value;
      }
    }
  }
}
