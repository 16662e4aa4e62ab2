/** Audit: verify the trail part by part with a bar that moves, compare it with the tables. */
import { get } from "../parts/api.ts";
import { el, icon } from "../parts/dialogs.ts";
import { problemText } from "../parts/forms.ts";
import { t } from "../parts/words.ts";

interface Part {
  size: number;
  edge: string;
  root: string;
  total: number;
  findings: string[];
  done: boolean;
}

document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
start("verify", verify);
start("reconcile", reconcile);

function start(name: string, work: (outcome: HTMLElement) => Promise<void>): void {
  const button = document.querySelector<HTMLButtonElement>(`[data-${name}]`);
  const outcome = document.querySelector<HTMLElement>(`[data-outcome=${name}]`);
  if (!button || !outcome) return;
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    try {
      await work(outcome);
    } catch (error) {
      outcome.replaceChildren(el("p", { class: "problem", role: "alert" }, problemText(error)));
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
}

async function verify(outcome: HTMLElement): Promise<void> {
  const bar = el("progress", { class: "progress", "aria-label": t("校验进度", "Progress of the verification") });
  const told = el("p", { class: "quiet" });
  outcome.replaceChildren(bar, told);
  let part: Part = { size: 0, edge: "", root: "", total: 0, findings: [], done: false };
  const findings: string[] = [];
  while (!part.done) {
    part = await get<Part>(`/api/v1/audit/verification?size=${part.size}&edge=${part.edge}`);
    findings.push(...part.findings);
    bar.max = Math.max(part.total, 1);
    bar.value = part.size;
    told.textContent = t(`已校验 ${part.size} / ${part.total} 条`, `${part.size} of ${part.total} entries verified`);
  }
  const good = [
    t(`${part.size} 条全部相符，根一致。`, `All ${part.size} entries are as they were hashed, and the root is the same.`),
    el("br"),
    el("code", { class: "hash" }, part.root),
  ];
  outcome.replaceChildren(...verdict(findings, good));
}

async function reconcile(outcome: HTMLElement): Promise<void> {
  outcome.replaceChildren(el("progress", { class: "progress", "aria-label": t("正在对账", "Comparing") }));
  const { findings } = await get<{ findings: string[] }>("/api/v1/audit/reconciliation");
  outcome.replaceChildren(...verdict(findings, [t("数据表与轨迹完全一致。", "The tables say what the trail says.")]));
}

function verdict(findings: string[], good: (string | Node)[]): HTMLElement[] {
  if (findings.length === 0) return [el("p", { class: "well", role: "status" }, icon("check-circle"), el("span", {}, ...good))];
  const told = t(`发现 ${findings.length} 处不符。请保留现场并通知其他中心。`, `${findings.length} differences. Leave everything as it is and tell the other centres.`);
  const list = findings.slice(0, 200).map((each) => el("li", {}, el("code", {}, each)));
  return [el("p", { class: "problem", role: "alert" }, icon("alert"), told), el("ul", { class: "stack tight" }, ...list)];
}
