/** Search over every page: the header's link and Ctrl-K open a dialog with finds as one types; the page does the same. */
import { Problem, problemOf } from "./api.ts";
import { el, icon, openDialog } from "./dialogs.ts";
import { problemText } from "./forms.ts";
import { signInAgain } from "./sign_in.ts";
import { t } from "./words.ts";

const PAUSE_MS = 150;

export function startFind(): void {
  const link = document.querySelector<HTMLAnchorElement>("a[data-find]");
  const page = document.querySelector<HTMLFormElement>("form[data-find-form]");
  if (page) findAsTyped(page, document.querySelector<HTMLElement>("[data-finds]"), false);
  if (!link) return;
  const open = (event: Event) => {
    event.preventDefault();
    if (page) page.querySelector("input")?.select();
    else if (!document.querySelector("dialog[open]")) openFind(link.href);
  };
  link.addEventListener("click", (event) => {
    if (!(event.ctrlKey || event.metaKey || event.shiftKey)) open(event);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey) open(event);
  });
}

function openFind(address: string): void {
  const input = el("input", {
    type: "search",
    name: "q",
    maxlength: "100",
    autocomplete: "off",
    "aria-label": t("查找事件或单位", "Find cases or units"),
    placeholder: t("编号、标题、地址、姓名、电话", "Number, title, address, name, telephone"),
  });
  const form = el("form", { class: "find-form", role: "search", action: address }, el("span", { class: "find-box" }, icon("search"), input));
  const finds = el("div", { "data-finds": "", "aria-live": "polite" });
  const { dialog } = openDialog(t("查找", "Find"), form, finds);
  dialog.classList.add("find-dialog");
  findAsTyped(form, finds, true);
  input.focus();
}

/** Load the finds into `finds` while somebody types; arrow keys go from the box through the finds and back. */
function findAsTyped(form: HTMLFormElement, finds: HTMLElement | null, brief: boolean): void {
  const input = form.querySelector("input");
  if (!input || !finds) return;
  let timer = 0;
  let running: AbortController | null = null;
  const look = async () => {
    running?.abort();
    running = new AbortController();
    finds.setAttribute("aria-busy", "true");
    try {
      finds.innerHTML = await load(addressOf(form, input.value, brief), running.signal);
      finds.setAttribute("aria-busy", "false");
      if (!brief) history.replaceState(null, "", addressOf(form, input.value, false));
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return;
      finds.setAttribute("aria-busy", "false");
      finds.replaceChildren(el("p", { class: "problem", role: "alert" }, problemText(error)));
    }
  };
  input.addEventListener("input", (event) => {
    clearTimeout(timer);
    if (!(event as InputEvent).isComposing) timer = setTimeout(look, PAUSE_MS);
  });
  input.addEventListener("compositionend", () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE_MS);
  });
  const around = form.closest("dialog") ?? document.getElementById("main") ?? document.body;
  around.addEventListener("keydown", (event) => walk(event, input, finds));
}

function addressOf(form: HTMLFormElement, text: string, brief: boolean): string {
  const address = new URL(form.action);
  address.search = new URLSearchParams({ q: text.trim(), ...(brief ? { brief: "" } : {}) }).toString();
  return address.pathname + address.search;
}

/** The server's own HTML. Throws Problem; asks for the password when the session has ended. */
async function load(address: string, signal: AbortSignal): Promise<string> {
  const send = () => fetch(address, { headers: { "HX-Request": "true" }, signal });
  let response: Response;
  try {
    response = await send();
    if (response.status === 401 && (await signInAgain())) response = await send();
  } catch (error) {
    if (error instanceof DOMException) throw error;
    throw new Problem({ ...problemOf(0, ""), title: t("连不上服务器。", "The server cannot be reached.") });
  }
  const text = await response.text();
  if (!response.ok) throw new Problem(problemOf(response.status, text));
  return text;
}

function walk(event: KeyboardEvent, input: HTMLInputElement, finds: HTMLElement): void {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (!step || event.isComposing) return;
  const stops: HTMLElement[] = [input, ...finds.querySelectorAll<HTMLElement>("a")];
  const at = stops.indexOf(document.activeElement as HTMLElement);
  const next = stops[at + step];
  if (at < 0 || !next) return;
  event.preventDefault();
  next.focus();
}
