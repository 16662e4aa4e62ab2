/** Files of a form: uploaded at once, so that a long form never sends them twice; the form carries their ids. */
import { Problem, post } from "./api.ts";
import { el, icon } from "./dialogs.ts";
import { t } from "./words.ts";

export function startUploads(field: HTMLElement): void {
  const input = field.querySelector<HTMLInputElement>("input[type=file]");
  const list = field.querySelector<HTMLUListElement>(".uploads");
  const wrong = field.querySelector<HTMLElement>(".error");
  if (!input || !list || !wrong) return;
  input.addEventListener("change", async () => {
    wrong.hidden = true;
    const files = [...(input.files ?? [])];
    input.value = "";
    input.setCustomValidity(t("正在上传，请稍候再提交。", "Still uploading; send the form in a moment."));
    try {
      for (const file of files) await upload(field, file, list, wrong);
    } finally {
      input.setCustomValidity("");
    }
  });
}

async function upload(field: HTMLElement, file: File, list: HTMLUListElement, wrong: HTMLElement): Promise<void> {
  const row = el("li", { "aria-busy": "true" }, icon("upload"), file.name);
  list.append(row);
  const body = new FormData();
  body.append("file", file);
  try {
    const answer = await post<{ id: number }>(field.dataset.uploads ?? "", body);
    row.replaceChildren(icon("check"), file.name, carried(field.dataset.name ?? "", answer.id), remover(row, file.name));
    row.removeAttribute("aria-busy");
  } catch (error) {
    row.remove();
    if (!(error instanceof Problem)) throw error;
    wrong.textContent = t(`${file.name}：${error.message}`, `${file.name}: ${error.message}`);
    wrong.hidden = false;
  }
}

function carried(name: string, id: number): HTMLInputElement {
  return el("input", { type: "hidden", name, value: String(id), "data-type": "list" });
}

/** Takes it out of this form; the file itself stays with the case, as everything that was added to it. */
function remover(row: HTMLElement, name: string): HTMLButtonElement {
  const button = el("button", { type: "button", class: "tool", "aria-label": t(`不附 ${name}`, `Leave out ${name}`) }, icon("x"));
  button.addEventListener("click", () => row.remove());
  return button;
}
