/** What the page of a case can do beside acting: show parties for a minute, say why not, open the diagram. */
import { fragment } from "./actions.ts";
import { Problem, post } from "./api.ts";
import { el, openDialog } from "./dialogs.ts";
import { toast } from "./toasts.ts";
import { t } from "./words.ts";

const SHOWN_SECONDS = 60;

interface Party {
  name: string | null;
  phone: string | null;
  id_no: string | null;
}

/** Names and telephones in clear, recorded by the server before it answers; hidden after a minute and on leaving. */
export function startReveal(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-reveal]");
  const section = form?.closest<HTMLElement>("[data-parties]");
  if (!form || !section) return;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wrong = form.querySelector<HTMLElement>(".error");
    if (wrong) wrong.hidden = true;
    try {
      const reason = String(new FormData(form).get("reason"));
      const answer = await post<{ parties: Party[] }>(form.dataset.reveal ?? "", { reason });
      form.closest("details")?.removeAttribute("open");
      show(section, answer.parties);
    } catch (error) {
      if (!(error instanceof Problem) || !wrong) throw error;
      wrong.textContent = error.message;
      wrong.hidden = false;
    }
  });
}

function show(section: HTMLElement, parties: Party[]): void {
  const masked = new Map<HTMLElement, string>();
  for (const [index, party] of parties.entries()) {
    for (const part of ["name", "phone", "id_no"] as const) {
      const place = section.querySelector<HTMLElement>(`[data-party="${index}"] [data-part="${part}"]`);
      if (!place || !party[part]) continue;
      masked.set(place, place.textContent ?? "");
      place.textContent = party[part];
      place.classList.add("clear");
    }
  }
  const said = section.querySelector<HTMLElement>(".reveal-left");
  const summary = section.querySelector<HTMLElement>("details.reveal");
  let left = SHOWN_SECONDS;
  const tell = () => {
    if (said) said.textContent = t(`已记录；${left} 秒后隐藏`, `Recorded; hidden in ${left} s`);
  };
  const hide = () => {
    clearInterval(timer);
    for (const [place, text] of masked) {
      place.textContent = text;
      place.classList.remove("clear");
    }
    if (said) said.hidden = true;
    if (summary) summary.hidden = false;
    document.removeEventListener("visibilitychange", hide);
    window.removeEventListener("pagehide", hide);
  };
  const timer = setInterval(() => {
    left -= 1;
    if (left <= 0) hide();
    else if (left % 10 === 0) tell();
  }, 1000);
  document.addEventListener("visibilitychange", hide);
  window.addEventListener("pagehide", hide);
  if (said) said.hidden = false;
  if (summary) summary.hidden = true;
  tell();
}

/** `data-fragment`: a part of a page that is shown in a dialog when it is asked for. */
export function startReasons(): void {
  document.addEventListener("click", async (event) => {
    const button = (event.target as HTMLElement).closest<HTMLElement>("[data-fragment]");
    if (!button) return;
    const content = el("div");
    content.innerHTML = await fragment(button.dataset.fragment ?? ""); // our own server's template, escaped there
    await openDialog(button.dataset.dialogTitle ?? "", content).closed;
    button.focus();
  });
}

export function startCopying(): void {
  document.addEventListener("click", async (event) => {
    const button = (event.target as HTMLElement).closest<HTMLElement>("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy ?? "");
    toast(t("编号已复制", "The number is copied"));
  });
}

/** The drawing is a large script: it is loaded when somebody wants to see it. */
export function startDiagram(): void {
  const section = document.querySelector<HTMLElement>("[data-routes]");
  const button = section?.querySelector<HTMLElement>("[data-diagram]");
  if (!section || !button) return;
  button.addEventListener("click", async () => {
    button.setAttribute("aria-busy", "true");
    if (!document.querySelector("link[data-diagram-style]")) {
      document.head.append(el("link", { rel: "stylesheet", href: section.dataset.style ?? "", "data-diagram-style": "" }));
    }
    const drawing = (await import(section.dataset.script ?? "")) as typeof import("../entries/diagram.ts");
    button.removeAttribute("aria-busy");
    await drawing.open(section);
    button.focus();
  });
}
