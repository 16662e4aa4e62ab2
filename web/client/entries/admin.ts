/** Administration: the tree opens on demand, a file is tried before it is brought in, grave acts are asked about. */
import { type Json, Problem, post } from "../parts/api.ts";
import { startDiagram } from "../parts/case_page.ts";
import { el, icon, openDialog } from "../parts/dialogs.ts";
import { problemText } from "../parts/forms.ts";
import { startStuck } from "../parts/stuck.ts";
import { toastAfterReload } from "../parts/toasts.ts";
import { t } from "../parts/words.ts";

interface Finding {
  line: number;
  reason: string;
  zh: string;
}

document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
startTree();
startImports();
startQuestions();
startPasswords();
startDiagram();
startStuck();

function startTree(): void {
  document.addEventListener("click", (event) => {
    const toggle = (event.target as HTMLElement).closest<HTMLButtonElement>("[data-branch]");
    if (toggle) turn(toggle);
  });
  document.addEventListener("htmx:after:swap", (event) => {
    const panel = document.getElementById("unit");
    const source = (event as CustomEvent).detail?.ctx?.sourceElement as HTMLElement | undefined;
    if (!panel || source?.dataset.unit === undefined) return;
    for (const each of document.querySelectorAll(".tree-row.chosen")) each.classList.remove("chosen");
    source.closest(".tree-row")?.classList.add("chosen");
    if (matchMedia("(max-width: 899px)").matches) panel.scrollIntoView({ block: "start" });
    panel.focus({ preventScroll: true });
  });
}

/** What is below a unit is loaded by the first press; then it is only shown and hidden. */
function turn(toggle: HTMLButtonElement): void {
  const open = toggle.getAttribute("aria-expanded") !== "true";
  const below = toggle.closest("li")?.querySelector<HTMLElement>(":scope > ul");
  if (below) below.hidden = !open;
  toggle.setAttribute("aria-expanded", String(open));
}

function startImports(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-import]")) {
    const keep = form.querySelector<HTMLButtonElement>("[data-keep]");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void bringIn(form, true);
    });
    form.addEventListener("change", () => {
      if (keep) keep.hidden = true;
      form.querySelector(".importer-outcome")?.replaceChildren();
    });
    keep?.addEventListener("click", () => void bringIn(form, false));
  }
}

async function bringIn(form: HTMLFormElement, dry: boolean): Promise<void> {
  const outcome = form.querySelector<HTMLElement>(".importer-outcome");
  const keep = form.querySelector<HTMLButtonElement>("[data-keep]");
  if (!outcome || !keep) return;
  form.setAttribute("aria-busy", "true");
  try {
    const answer = await post(`${form.dataset.import}${dry ? "?dry=true" : ""}`, new FormData(form));
    if (!dry) {
      toastAfterReload(t("已导入：", "Imported: ") + summary(answer));
      return location.reload();
    }
    outcome.replaceChildren(el("p", { class: "hint" }, icon("info"), t("试导入成功，尚未保存：", "It would go well; nothing is kept yet: ") + summary(answer)));
    keep.hidden = false;
  } catch (error) {
    keep.hidden = true;
    outcome.replaceChildren(...refusal(error));
  } finally {
    form.removeAttribute("aria-busy");
  }
}

function summary(answer: Json): string {
  if ("days" in answer) {
    const moved = "moved" in answer ? t(`，${answer.moved} 个在途时限已重算`, `, ${answer.moved} open deadlines moved`) : "";
    return t(`${answer.days} 天有变化`, `${answer.days} days change`) + moved;
  }
  return t(`新增 ${answer.created}，修改 ${answer.updated}，不变 ${answer.unchanged}`, `${answer.created} new, ${answer.updated} changed, ${answer.unchanged} as they were`);
}

function refusal(error: unknown): HTMLElement[] {
  const told = el("p", { class: "problem", role: "alert" }, problemText(error));
  const findings = error instanceof Problem ? (error.body.findings as Finding[] | undefined) : undefined;
  if (!findings) return [told];
  const rows = findings.slice(0, 100).map((each) => el("tr", {}, el("td", { class: "number" }, String(each.line)), el("td", {}, t(each.zh, each.reason))));
  const head = el("tr", {}, el("th", { scope: "col", class: "number" }, t("行", "Line")), el("th", { scope: "col" }, t("问题", "What is wrong")));
  const more = findings.length > 100 ? [el("p", { class: "quiet" }, t(`另有 ${findings.length - 100} 处`, `${findings.length - 100} more`))] : [];
  return [told, el("div", { class: "table-scroll" }, el("table", { class: "table" }, el("thead", {}, head), el("tbody", {}, ...rows))), ...more];
}

/** A form with `data-sure` is sent only after the question in it was answered with yes. */
function startQuestions(): void {
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target as HTMLFormElement;
      if (!form.dataset.sure || form.dataset.answered) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      void question(form);
    },
    { capture: true },
  );
}

async function question(form: HTMLFormElement): Promise<void> {
  const button = form.querySelector("button");
  const label = button?.textContent?.trim() ?? "";
  const yes = el("button", { class: `button ${button?.classList.contains("danger") ? "danger" : "primary"}`, type: "button" }, label);
  const no = el("button", { class: "button", type: "button" }, t("取消", "Cancel"));
  const { dialog, closed } = openDialog(label, el("p", {}, form.dataset.sure ?? ""), el("div", { class: "buttons dialog-buttons" }, yes, no));
  yes.addEventListener("click", () => dialog.close("yes"));
  no.addEventListener("click", () => dialog.close("no"));
  const answer = await closed;
  button?.focus();
  if (answer !== "yes") return;
  form.dataset.answered = "yes";
  form.requestSubmit();
  delete form.dataset.answered;
}

/** A new password is shown once, to be handed over. */
function startPasswords(): void {
  document.addEventListener("acted", (event) => {
    if (!(event.target as HTMLElement).matches("[data-password]")) return;
    const password = String((event as CustomEvent<Json>).detail.password);
    const copy = el("button", { class: "button primary", type: "button" }, icon("copy"), t("复制", "Copy"));
    copy.addEventListener("click", () => void navigator.clipboard.writeText(password));
    const { closed } = openDialog(
      t("新密码", "The new password"),
      el("p", { class: "secret" }, el("code", {}, password)),
      el("p", {}, t("只显示这一次，请当面交给本人。此人的所有登录已结束。", "It is shown this once: hand it over in person. All sign-ins of this person are ended.")),
      copy,
    );
    void closed.then(() => location.reload());
  });
}
