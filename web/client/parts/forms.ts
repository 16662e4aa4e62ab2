/**
 * Forms that act: `<form data-act="/api/v1/…">` is sent to the API as JSON.
 *
 * Field names are paths (`data.reason`); a checkbox is a boolean, `data-type` may say number, boolean, list or moment.
 * `data-done` says what comes after: `reload` (default), a path to go to, or `event`, which fires `acted` with the
 * answer in its detail. `data-put`: it replaces what is there. `data-said` is the sentence shown then. One key for one intention: sending again after a
 * broken line cannot act twice. What was typed is kept in this tab until it is accepted.
 */
import { type Json, newKey, Problem, post, put as replace } from "./api.ts";
import { el } from "./dialogs.ts";
import { toast, toastAfterReload } from "./toasts.ts";
import { t } from "./words.ts";

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

export function startForms(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form instanceof HTMLFormElement && form.dataset.act) {
      event.preventDefault();
      void act(form);
    }
  });
  document.addEventListener("input", (event) => {
    const form = (event.target as HTMLElement).closest<HTMLFormElement>("form[data-act]");
    if (form) keep(form);
  });
  restoreForms();
  document.addEventListener("htmx:after:swap", restoreForms);
}

/** Give the forms that came into the page meanwhile what was typed into them before. */
export function restoreForms(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-act]:not([data-restored])")) restore(form);
}

async function act(form: HTMLFormElement): Promise<void> {
  if (form.getAttribute("aria-busy") === "true") return;
  clearErrors(form);
  form.dataset.key ??= newKey();
  busy(form, true);
  try {
    const send = form.dataset.put === undefined ? post : replace;
    const answer = await send(form.dataset.act ?? "", bodyOf(form), { key: form.dataset.key });
    forget(form);
    finish(form, answer);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    // A refusal was an answer: what is sent next is another intention. An interrupted line is not.
    if (error.body.status >= 400 && error.body.status < 500 && error.body.status !== 401) delete form.dataset.key;
    showProblem(form, error);
  } finally {
    busy(form, false);
  }
}

function finish(form: HTMLFormElement, answer: Json): void {
  const done = form.dataset.done ?? "reload";
  const said = form.dataset.said;
  delete form.dataset.key;
  if (done === "event") {
    if (said) toast(said);
    form.dispatchEvent(new CustomEvent("acted", { bubbles: true, detail: answer }));
    return;
  }
  if (said) toastAfterReload(said);
  if (done === "reload") location.reload();
  else location.assign(done);
}

export function bodyOf(form: HTMLFormElement): Json {
  const body: Json = {};
  for (const control of controlsOf(form)) {
    const value = readValue(control);
    if (value !== undefined) put(body, control.name.split("."), value);
  }
  return body;
}

function readValue(control: Control): unknown {
  if (control.disabled || (control instanceof HTMLInputElement && control.type === "file")) return undefined;
  if (control instanceof HTMLInputElement && control.type === "checkbox") {
    if (control.dataset.type === "list") return control.checked ? [control.value] : undefined;
    return control.checked ? true : control.dataset.type === "boolean" ? false : undefined;
  }
  if (control instanceof HTMLInputElement && control.type === "radio" && !control.checked) return undefined;
  const text = control.value.trim();
  if (text === "") return undefined;
  if (control.dataset.type === "number") return Number(text);
  if (control.dataset.type === "boolean") return text === "true";
  if (control.dataset.type === "list") return [text];
  if (control.dataset.type === "moment") return `${text.length === 16 ? `${text}:00` : text}+08:00`; // the calendar's zone
  return text;
}

function put(target: Json, path: string[], value: unknown): void {
  const [head = "", ...rest] = path;
  if (rest.length === 0) {
    const known = target[head];
    target[head] = Array.isArray(known) && Array.isArray(value) ? [...known, ...value] : value;
    return;
  }
  target[head] ??= /^\d+$/.test(rest[0] ?? "") ? [] : {}; // `parties.0.name`: a list of parts
  put(target[head] as Json, rest, value);
}

function controlsOf(form: HTMLFormElement): Control[] {
  return [...form.elements].filter((each): each is Control => "name" in each && "value" in each && (each as Control).name !== "");
}

function busy(form: HTMLFormElement, on: boolean): void {
  form.setAttribute("aria-busy", String(on));
  for (const button of form.querySelectorAll("button")) button.setAttribute("aria-busy", String(on));
}

/** Errors at their fields and, on top, a summary that leads to them. */
export function showProblem(form: HTMLFormElement, problem: Problem): void {
  const summary = el("div", { class: "problem", role: "alert", tabindex: "-1", "data-summary": "" });
  const list = el("div", {}, el("b", {}, problem.body.title), " ", problem.body.detail);
  summary.append(list);
  for (const error of problem.body.errors ?? []) {
    const control = controlAt(form, error.loc);
    if (!control) {
      list.append(el("div", {}, `${error.loc}: ${error.msg}`));
      continue;
    }
    const field = control.closest<HTMLElement>(".field") ?? control.parentElement;
    const place = field?.querySelector<HTMLElement>(".error") ?? field?.appendChild(el("p", { class: "error" }));
    if (place) {
      place.id ||= `${control.id || control.name}-error`;
      place.textContent = error.msg;
      place.hidden = false;
      control.setAttribute("aria-describedby", place.id);
    }
    control.setAttribute("aria-invalid", "true");
    control.id ||= `field-${control.name.replaceAll(".", "-")}`;
    const label = field?.querySelector("label, legend")?.firstChild?.textContent?.trim() ?? error.loc;
    list.append(el("div", {}, el("a", { href: `#${control.id}` }, `${label}: ${error.msg}`)));
  }
  form.prepend(summary);
  summary.focus();
}

function controlAt(form: HTMLFormElement, loc: string): Control | undefined {
  const path = loc.replaceAll("/", ".");
  const controls = controlsOf(form);
  return (
    controls.find((each) => each.name === path) ??
    controls.find((each) => each.name === `data.${path}`) ??
    controls.find((each) => each.name.split(".").at(-1) === path.split(".").at(-1))
  );
}

export function clearErrors(form: HTMLFormElement): void {
  form.querySelector("[data-summary]")?.remove();
  for (const each of form.querySelectorAll<HTMLElement>(".error")) each.hidden = true;
  for (const each of form.querySelectorAll("[aria-invalid]")) each.removeAttribute("aria-invalid");
}

/* What was typed survives a reload of this tab; passwords and files are never kept. */

function slot(form: HTMLFormElement): string | null {
  if (form.dataset.keep === "no") return null;
  const staff = document.querySelector<HTMLMetaElement>("meta[name=staff]")?.content ?? "";
  return `gridgov:form:${staff}:${form.dataset.act}`;
}

function keep(form: HTMLFormElement): void {
  const name = slot(form);
  if (!name) return;
  const values = controlsOf(form)
    .filter((control) => !["hidden", "password", "file"].includes(control.type))
    .map((control) => [control.name, control.value, control instanceof HTMLInputElement ? control.checked : null]);
  sessionStorage.setItem(name, JSON.stringify(values));
}

function restore(form: HTMLFormElement): void {
  form.dataset.restored = "";
  const name = slot(form);
  const text = name ? sessionStorage.getItem(name) : null;
  if (!text) return;
  for (const [field, value, checked] of JSON.parse(text) as [string, string, boolean | null][]) {
    for (const control of controlsOf(form).filter((each) => each.name === field)) {
      if (control instanceof HTMLInputElement && ["checkbox", "radio"].includes(control.type)) {
        if (control.value === value) control.checked = checked ?? false;
      } else control.value = value;
    }
  }
  form.dispatchEvent(new Event("change", { bubbles: true }));
}

export function forget(form: HTMLFormElement): void {
  const name = slot(form);
  if (name) sessionStorage.removeItem(name);
}

export function problemText(error: unknown): string {
  if (error instanceof Problem) return `${error.body.title} ${error.body.detail}`;
  return t("出现意外错误，请刷新页面后重试。", "Something unexpected happened; reload the page and try again.");
}
