/** A centre's pages: forms in place, many contact cards at once, printing. */
import { newKey, type ProblemBody, post } from "../parts/api.ts";
import { el, openDialog } from "../parts/dialogs.ts";
import { problemText, restoreForms } from "../parts/forms.ts";
import { toastAfterReload } from "../parts/toasts.ts";
import { t } from "../parts/words.ts";

interface CardResult {
  row: number;
  ok: boolean;
  problem?: ProblemBody;
}

document.addEventListener("click", (event) => {
  const target = event.target as HTMLElement;
  const button = target.closest<HTMLElement>("[data-edit]");
  if (button) void edit(button);
  if (target.closest("[data-print]")) print();
});
for (const form of document.querySelectorAll<HTMLFormElement>("form[data-cards]")) startCards(form);

/** The form of `data-edit` in a dialog, filled with what stands in the row. */
async function edit(button: HTMLElement): Promise<void> {
  const template = document.getElementById(`form-${button.dataset.edit}`);
  if (!(template instanceof HTMLTemplateElement)) return;
  const content = el("div", { class: "stack" });
  content.append(template.content.cloneNode(true));
  const [form] = content.querySelectorAll<HTMLFormElement>("form:not([data-closing])");
  if (form) {
    form.dataset.act = button.dataset.act ?? "";
    fill(form, JSON.parse(button.dataset.values ?? "{}"));
  }
  const closing = content.querySelector<HTMLFormElement>("[data-closing]");
  if (closing && button.dataset.close) closing.dataset.act = button.dataset.close;
  else closing?.remove();
  const { dialog, closed } = openDialog(button.dataset.title ?? "", content);
  restoreForms();
  dialog.querySelector<HTMLElement>("input, select, textarea, .button")?.focus();
  await closed;
  if (button.isConnected) button.focus();
}

function fill(form: HTMLFormElement, values: Record<string, string | number>): void {
  for (const [name, value] of Object.entries(values)) {
    const control = form.elements.namedItem(name);
    if (control && "value" in control) control.value = String(value);
  }
}

function startCards(form: HTMLFormElement): void {
  let key = newKey();
  form.addEventListener("input", () => {
    key = newKey();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.getAttribute("aria-busy") === "true") return;
    form.setAttribute("aria-busy", "true");
    try {
      await issue(form, key);
    } finally {
      form.removeAttribute("aria-busy");
    }
  });
}

async function issue(form: HTMLFormElement, key: string): Promise<void> {
  const data = new FormData(form);
  const enterprises = String(data.get("enterprises") ?? "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const outcome = form.querySelector<HTMLElement>("[data-outcome]");
  const area = form.querySelector<HTMLTextAreaElement>("[name=enterprises]");
  if (enterprises.length === 0 || !outcome || !area) return;
  const cards = enterprises.map((enterprise) => ({ enterprise, contact: data.get("contact"), place: data.get("place") }));
  try {
    const answer = await post<{ results: CardResult[] }>(form.dataset.cards ?? "", { cards }, { key });
    const failed = answer.results.filter((result) => !result.ok);
    const done = answer.results.length - failed.length;
    if (failed.length === 0) {
      toastAfterReload(t(`已发放 ${done} 张联系卡`, `${done} cards are issued`));
      return location.reload();
    }
    area.value = failed.map((result) => enterprises[result.row] ?? "").join("\n");
    area.dispatchEvent(new Event("input", { bubbles: true }));
    const said = t(`已发放 ${done} 张；下列 ${failed.length} 家没有发成，改正后可再发：`, `${done} are issued; these ${failed.length} are not, mend and send again:`);
    const rows = failed.map((result) => el("li", {}, `${enterprises[result.row] ?? ""}: ${result.problem?.title ?? ""}`));
    outcome.replaceChildren(el("p", { class: "problem" }, said), el("ul", {}, ...rows));
  } catch (error) {
    outcome.replaceChildren(el("p", { class: "problem", role: "alert" }, problemText(error)));
  }
}
