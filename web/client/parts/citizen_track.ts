/**
 * Following a case: the code comes behind the `#` of a link or from the form, stays in this tab, and is sent in bodies
 * only; it leaves the address at once, so that no history and no server's log holds it.
 */
import { type Json, newKey, Problem, post, problemOf } from "./api.ts";
import { el, openDialog } from "./dialogs.ts";
import { clearErrors, showProblem } from "./forms.ts";
import { appendPhotos, photoStrip, type Strip } from "./photos.ts";
import { toast } from "./toasts.ts";
import { t } from "./words.ts";

interface Own {
  number: string;
  code: string;
}

const KEPT = "gridgov:track";

export function startTracking(page: HTMLElement): void {
  const form = page.querySelector<HTMLFormElement>("[data-track-form]");
  const shown = page.querySelector<HTMLElement>("[data-tracked]");
  if (!form || !shown) return;
  const number = form.querySelector<HTMLInputElement>("#number");
  const code = form.querySelector<HTMLInputElement>("#code");
  if (!number || !code) return;
  const open = (own: Own) => void show(page, form, shown, own);

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    open({ number: number.value.trim(), code: code.value.trim() });
  });
  shown.addEventListener("click", (event) => {
    const target = event.target as Element;
    if (target.closest("[data-another]")) sessionStorage.removeItem(KEPT);
    if (target.closest("[data-withdraw]")) void withdraw(open);
  });
  shown.addEventListener("submit", (event) => {
    event.preventDefault();
    void act(event.target as HTMLFormElement, open);
  });
  const given = decodeURIComponent(location.hash.slice(1));
  const own = given && number.value ? { number: number.value, code: given } : kept();
  if (given) history.replaceState(null, "", location.pathname);
  if (own && (!number.value || own.number === number.value)) open(own);
}

function kept(): Own | null {
  return JSON.parse(sessionStorage.getItem(KEPT) ?? "null") as Own | null;
}

async function show(page: HTMLElement, form: HTMLFormElement, shown: HTMLElement, own: Own): Promise<void> {
  page.setAttribute("aria-busy", "true");
  const refused = form.querySelector<HTMLElement>("[data-refused]");
  try {
    const response = await fetch("/track", {
      method: "POST",
      headers: { "HX-Request": "true" },
      body: new URLSearchParams({ ...own }),
    });
    const html = await response.text();
    form.hidden = response.ok;
    if (response.ok) {
      sessionStorage.setItem(KEPT, JSON.stringify(own));
      shown.innerHTML = html;
      for (const each of shown.querySelectorAll<HTMLFormElement>("form[data-own]")) prepare(each);
      shown.focus({ preventScroll: true }); // the bar on top would hide the headline
      scrollTo(0, 0);
    } else {
      sessionStorage.removeItem(KEPT);
      shown.replaceChildren();
      if (response.status < 500) refused?.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
      else tell(refused, problemOf(response.status, html).detail);
    }
  } catch {
    tell(refused, t("连不上服务器，请检查网络后再点“查询”。", "The server cannot be reached; check the network and press “Look” again."));
  } finally {
    page.removeAttribute("aria-busy");
  }
}

function tell(place: HTMLElement | null, text: string): void {
  place?.replaceChildren(el("p", { class: "problem", role: "alert" }, text));
}

const strips = new WeakMap<HTMLFormElement, Strip>();

function prepare(form: HTMLFormElement): void {
  const root = form.querySelector<HTMLElement>("[data-photos]");
  if (root) strips.set(form, photoStrip(root, () => undefined));
  form.dataset.key = newKey();
}

/** Send a form about the own case, then show the case anew. */
async function act(form: HTMLFormElement, open: (own: Own) => void): Promise<void> {
  const own = kept();
  if (!own || form.getAttribute("aria-busy") === "true") return;
  clearErrors(form);
  form.setAttribute("aria-busy", "true");
  try {
    const path = `/api/v1/citizen/${form.dataset.own ?? ""}`;
    await post(path, await bodyOf(form, own), { key: form.dataset.key });
    toast(form.dataset.said ?? "");
    open(own);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.body.status >= 400 && error.body.status < 500) form.dataset.key = newKey();
    showProblem(form, error);
  } finally {
    form.removeAttribute("aria-busy");
  }
}

async function bodyOf(form: HTMLFormElement, own: Own): Promise<FormData | Json> {
  const strip = strips.get(form);
  const fields = [...new FormData(form)].filter((field): field is [string, string] => typeof field[1] === "string" && field[1].trim() !== "");
  if (!strip) return { ...Object.fromEntries(fields), ...own };
  await strip.ready();
  const body = new FormData();
  for (const [name, value] of [...fields, ...Object.entries(own)]) body.append(name, value);
  appendPhotos(body, strip.photos());
  return body;
}

async function withdraw(open: (own: Own) => void): Promise<void> {
  const own = kept();
  if (!own) return;
  const error = el("p", { class: "error", role: "alert" });
  const go = el("button", { class: "button danger", type: "button" }, t("撤回", "Withdraw"));
  const stay = el("button", { class: "button", type: "button" }, t("不撤回", "Keep it"));
  const { dialog } = openDialog(
    t("撤回这件事？", "Withdraw this matter?"),
    el("p", {}, t("撤回后不再办理；需要时可以重新反映。", "It is not handled any more; you can report it again if you need to.")),
    error,
    el("div", { class: "buttons" }, go, stay),
  );
  stay.addEventListener("click", () => dialog.close());
  const key = newKey();
  go.addEventListener("click", async () => {
    try {
      await post("/api/v1/citizen/withdrawals", { ...own }, { key });
      dialog.close();
      toast(t("已撤回", "Withdrawn"));
      open(own);
    } catch (refusal) {
      if (!(refusal instanceof Problem)) throw refusal;
      error.textContent = refusal.message;
    }
  });
}
