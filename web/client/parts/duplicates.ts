/** Likely duplicates of what is being written: "50 米内 2 件相似，是同一件吗？" A known one is followed, not reported anew. */
import { get } from "./api.ts";
import { el, icon } from "./dialogs.ts";
import { t } from "./words.ts";

interface Labels {
  zh: string;
  en: string;
}

interface Duplicate {
  number: string;
  title: string;
  state: Labels;
  distance_m: number | null;
  reported_at: string;
  reasons: Labels[];
}

const NEAR_METRES = 50;
let shown = "";
let dismissed = new Set<string>();

/** `query` null: too little is known to ask. Nothing is shown without network: it is a help, not a hurdle. */
export async function showDuplicates(
  root: HTMLElement,
  query: Record<string, string> | null,
  follow: (number: string, title: string) => void,
): Promise<void> {
  let found: Duplicate[] = [];
  if (query) {
    try {
      found = (await get<{ duplicates: Duplicate[] }>(`/api/v1/duplicates?${new URLSearchParams(query)}`, { quiet: true })).duplicates;
    } catch {
      found = [];
    }
  }
  const fresh = found.filter((each) => !dismissed.has(each.number));
  const now = fresh.map((each) => each.number).join();
  if (now === shown && !root.hidden) return;
  shown = now;
  root.hidden = fresh.length === 0;
  root.replaceChildren(...(fresh.length > 0 ? [panel(root, fresh, follow)] : []));
}

export function forgetDismissed(): void {
  dismissed = new Set();
}

function panel(root: HTMLElement, found: Duplicate[], follow: (number: string, title: string) => void): HTMLElement {
  const near = found.every((each) => each.distance_m !== null && each.distance_m <= NEAR_METRES);
  const question = near
    ? t(`${NEAR_METRES} 米内 ${found.length} 件相似，是同一件吗？`, `${found.length} alike within ${NEAR_METRES} m. Is it the same?`)
    : t(`附近 ${found.length} 件相似，是同一件吗？`, `${found.length} alike near by. Is it the same?`);
  const none = el("button", { type: "button", class: "button plain" }, t("都不是", "None of them"));
  none.addEventListener("click", () => {
    for (const each of found) dismissed.add(each.number);
    root.hidden = true;
    document.getElementById("send")?.focus();
  });
  const list = el("ul", {}, ...found.map((each) => row(each, follow)));
  return el("details", {}, el("summary", {}, icon("copy"), el("span", { class: "question" }, question), icon("chevron-down")), list, none);
}

function row(each: Duplicate, follow: (number: string, title: string) => void): HTMLElement {
  const button = el("button", { type: "button", class: "button" }, t("是这件，跟进", "This is it: follow"));
  button.addEventListener("click", () => follow(each.number, each.title));
  const day = new Date(each.reported_at).toLocaleDateString(t("zh-CN", "en-GB"), { month: "short", day: "numeric", timeZone: "Asia/Shanghai" });
  const about = [t(each.state.zh, each.state.en), ...each.reasons.map((reason) => t(reason.zh, reason.en)), t(`${day}上报`, `reported ${day}`)];
  return el("li", {}, el("div", {}, el("b", {}, each.title), el("div", { class: "quiet small" }, about.join(" · "))), button);
}
