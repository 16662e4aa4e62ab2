/** Notices: going to a case reads its notice, a button reads one or all; the bell counts what is left. */
import { Problem, post } from "../parts/api.ts";
import { showUnread } from "../parts/bell.ts";
import { el } from "../parts/dialogs.ts";
import { problemText } from "../parts/forms.ts";
import { toast } from "../parts/toasts.ts";
import { t } from "../parts/words.ts";

interface Read {
  read: number;
  unread: number;
  [more: string]: unknown;
}

document.addEventListener("click", (event) => {
  const target = event.target as Element;
  const all = target.closest<HTMLElement>("[data-read-all]");
  const one = target.closest<HTMLElement>("[data-read]");
  const link = target.closest("[data-notice-link]")?.closest<HTMLElement>("[data-notice]");
  if (all) void readAll(all);
  else if (one) void readOne(one);
  else if (link && document.querySelector("[data-read]")) {
    void post("/api/v1/notices/read", { ids: [Number(link.dataset.notice)] }, { keepalive: true, quiet: true }).catch(() => undefined);
  }
});

async function readOne(button: HTMLElement): Promise<void> {
  const line = button.closest<HTMLElement>("[data-notice]");
  const next = line?.nextElementSibling ?? line?.previousElementSibling;
  const answer = await send("/api/v1/notices/read", { ids: [Number(button.dataset.read)] });
  if (!answer) return;
  line?.remove();
  (next?.querySelector<HTMLElement>("[data-read]") ?? document.getElementById("main"))?.focus();
  left(answer.unread);
}

async function readAll(button: HTMLElement): Promise<void> {
  const answer = await send("/api/v1/notices/read-all", { until: Number(button.dataset.readAll) });
  if (!answer) return;
  for (const line of document.querySelectorAll("[data-notice]")) line.remove();
  toast(t(`${answer.read} 条已标为已读`, `${answer.read} marked read`));
  document.getElementById("main")?.focus();
  left(answer.unread);
}

async function send(path: string, body: Record<string, unknown>): Promise<Read | null> {
  try {
    return await post<Read>(path, body);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    document.querySelector("#main > .problem")?.remove();
    document.querySelector(".page-head")?.after(el("p", { class: "problem", role: "alert" }, problemText(error)));
    return null;
  }
}

function left(unread: number): void {
  showUnread(unread);
  const tab = document.querySelector("[data-unread-tab]");
  if (tab) tab.textContent = String(unread);
  if (document.querySelector("[data-notice]")) return;
  if (unread > 0) location.reload(); // further pages, and what came meanwhile
  document.querySelector(".notices")?.remove();
  document.querySelector("[data-read-all]")?.remove();
  document.querySelector("[data-none]")?.removeAttribute("hidden");
}
