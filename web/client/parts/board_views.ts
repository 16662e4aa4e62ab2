/** A person's own views of the queue: save the filters, rename, remove. */
import { type Json, Problem, post } from "./api.ts";
import type { Board } from "./board.ts";
import { openMenu } from "./board_menus.ts";
import { el, openDialog } from "./dialogs.ts";
import { problemText } from "./forms.ts";
import { toast } from "./toasts.ts";
import { t } from "./words.ts";

const WISHES = ["view", "kind", "urgency", "light", "under", "text"];

export function startViews(board: Board): void {
  board.main.addEventListener("click", (event) => {
    const target = event.target as HTMLElement;
    if (target.closest("[data-save-view]")) void save();
    const button = target.closest<HTMLElement>("[data-view]");
    if (button) openViewMenu(board, button);
  });
}

function openViewMenu(board: Board, button: HTMLElement): void {
  const { view = "", name = "" } = button.dataset;
  openMenu(button, [
    { text: t("重命名", "Rename"), run: () => rename(board, view, name) },
    { text: t("删除视图", "Remove the view"), run: () => remove(board, view, name) },
  ]);
}

async function save(): Promise<void> {
  const query = new URLSearchParams(location.search);
  const wish: Json = Object.fromEntries(WISHES.flatMap((name) => (query.get(name) ? [[name, query.get(name)]] : [])));
  await askName(t("存为视图", "Save view"), "", async (name) => {
    const made = await post<{ id: number }>("/api/v1/views", { name, wish });
    query.delete("case");
    query.set("own", String(made.id));
    location.assign(`/triage?${query}`);
  });
}

function rename(board: Board, view: string, name: string): Promise<void> {
  return askName(t("重命名视图", "Rename the view"), name, async (given) => {
    await post(`/api/v1/views/${view}/name`, { name: given });
    await board.look(true);
  });
}

async function remove(board: Board, view: string, name: string): Promise<void> {
  const sure = el("button", { type: "button", class: "button danger" }, t("删除", "Remove"));
  const text = t(`删除视图“${name}”？事件不受影响。`, `Remove the view “${name}”? Cases are not touched.`);
  const { dialog } = openDialog(t("删除视图", "Remove the view"), el("div", { class: "stack" }, el("p", {}, text), el("div", { class: "buttons" }, sure)));
  sure.addEventListener("click", async () => {
    await post(`/api/v1/views/${view}/removal`);
    dialog.close("removed");
    toast(t("视图已删除", "View removed"));
    await board.look(true);
  });
}

/** Ask for a name; what is refused is told under the field, and what was typed stays. */
async function askName(title: string, value: string, then: (name: string) => Promise<void>): Promise<void> {
  const input = el("input", { id: "view-name", name: "name", maxlength: "20", required: "", value, autocomplete: "off" });
  const wrong = el("p", { class: "error", role: "alert" });
  const form = el(
    "form",
    { class: "stack" },
    el("div", { class: "field" }, el("label", { for: "view-name" }, t("名称", "Name")), input, wrong),
    el("div", { class: "buttons" }, el("button", { class: "button primary" }, t("保存", "Save"))),
  );
  const { dialog } = openDialog(title, form);
  input.focus();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await then(input.value.trim());
      dialog.close("saved");
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      wrong.textContent = problemText(error);
    }
  });
}
