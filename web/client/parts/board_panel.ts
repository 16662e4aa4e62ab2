/** The case beside the queue: a column at the desk, a page of its own on the phone; its address is part of the page's. */
import { fragment } from "./actions.ts";
import { type Board, need } from "./board.ts";
import { el } from "./dialogs.ts";
import { restoreForms } from "./forms.ts";
import { t } from "./words.ts";

const KEYS: Record<string, string> = {
  accept_case: "1", accept: "1", merge: "2", decline: "3", assign: "A", transfer: "T", request_suspension: "H",
};
/** Where the panel takes the place of the list. */
const ALONE = window.matchMedia("(max-width: 959px)");

export class Panel {
  private readonly side: HTMLElement;
  private readonly content: HTMLElement;
  private asked = 0;
  private later = 0;
  /** What the open line said when the panel was loaded. */
  private seen = "";
  private scrolled = 0;

  constructor(private readonly board: Board) {
    this.side = need(board.main, "[data-panel]");
    this.content = need(board.main, "[data-panel-content]");
    window.addEventListener("popstate", () => this.follow());
    if (this.number) this.settle();
    board.lineOfCase(this.number)?.scrollIntoView({ block: "nearest" });
  }

  /** Number of the open case; empty when none is. */
  get number(): string {
    return this.side.hidden ? "" : (this.content.querySelector<HTMLElement>("[data-case-panel]")?.dataset.casePanel ?? "");
  }

  get isOpen(): boolean {
    return !this.side.hidden;
  }

  async open(number: string, address = true): Promise<void> {
    if (number === this.number) {
      this.enter();
      return;
    }
    const wasOpen = this.isOpen;
    if (!wasOpen) this.scrolled = window.scrollY;
    if (address) this.remember(number, wasOpen);
    this.side.hidden = false;
    this.board.main.classList.add("has-panel");
    await this.load(number);
    this.content.scrollTop = 0;
    if (ALONE.matches) {
      window.scrollTo(0, 0);
      this.enter();
    }
  }

  /** While somebody runs through the list the panel follows when they stop. */
  openLater(number: string): void {
    clearTimeout(this.later);
    this.later = window.setTimeout(() => void this.open(number), 150);
  }

  close(address = true): void {
    if (!this.isOpen) return;
    const line = this.board.lineOfCase(this.number);
    this.asked++;
    this.side.hidden = true;
    this.content.replaceChildren();
    this.board.main.classList.remove("has-panel");
    this.mark();
    if (address) this.remember("", false);
    if (ALONE.matches) window.scrollTo(0, this.scrolled);
    (line?.querySelector<HTMLElement>("a.line-link") ?? this.board.current?.querySelector<HTMLElement>("a.line-link"))?.focus();
  }

  /** The case was acted on: show it as it is now, at the same place. */
  async reload(): Promise<void> {
    const { number } = this;
    if (number) await this.load(number);
  }

  /** News came in: what nobody writes in is loaded again, else the person is told and chooses. */
  check(): void {
    this.mark();
    const line = this.board.lineOfCase(this.number);
    const now = line?.dataset.caseVersion ?? "gone";
    if (!this.isOpen || !this.seen || now === this.seen) return;
    this.seen = now;
    if (this.isBusy) this.tell(now === "gone");
    else void this.reload();
  }

  private get isBusy(): boolean {
    const typed = [...this.content.querySelectorAll<HTMLTextAreaElement>("textarea")].some((area) => area.value !== "");
    return typed || this.content.contains(document.activeElement) || document.querySelector("dialog[open]") !== null;
  }

  private tell(gone: boolean): void {
    const place = this.content.querySelector<HTMLElement>("[data-news]");
    if (!place) return;
    const text = gone ? t("这件事已离开您的队列。", "This case has left your queue.") : t("这件事有新变化。", "This case has changed.");
    const button = el("button", { type: "button", class: "button small" }, t("刷新", "Show it"));
    button.addEventListener("click", () => void this.reload());
    place.replaceChildren(el("span", { role: "status" }, text), button);
    place.hidden = false;
  }

  private async load(number: string): Promise<void> {
    const asked = ++this.asked;
    const html = await fragment(`/triage/panel/${encodeURIComponent(number)}`);
    if (asked !== this.asked) return;
    const place = this.content.scrollTop;
    this.content.innerHTML = html; // our own server's template, escaped there
    this.content.scrollTop = place;
    restoreForms();
    this.settle();
  }

  private settle(): void {
    for (const button of this.content.querySelectorAll<HTMLElement>(".case-actions [data-action]")) {
      const key = KEYS[button.dataset.action ?? ""];
      if (key) button.append(el("kbd", { "aria-hidden": "true" }, key));
    }
    this.seen = this.board.lineOfCase(this.number)?.dataset.caseVersion ?? "";
    this.mark();
  }

  private mark(): void {
    for (const line of this.board.lines) line.classList.toggle("is-open", this.isOpen && line.dataset.case === this.number);
  }

  private enter(): void {
    this.content.querySelector<HTMLElement>("#panel-title")?.focus();
  }

  private remember(number: string, replace: boolean): void {
    const query = new URLSearchParams(location.search);
    if (number) query.set("case", number);
    else query.delete("case");
    const address = query.size ? `${location.pathname}?${query}` : location.pathname;
    if (replace) history.replaceState(null, "", address);
    else history.pushState(null, "", address);
  }

  private follow(): void {
    const number = new URLSearchParams(location.search).get("case");
    if (number) void this.open(number, false);
    else this.close(false);
  }
}
