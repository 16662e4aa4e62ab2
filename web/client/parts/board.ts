/**
 * The queue as somebody works on it: which line, which are picked, and news every few seconds without losing the place.
 *
 * Selection, focus, scroll and what is typed are the person's; only what lies in the queue is the server's.
 */
import type { Target } from "./board_acts.ts";
import { bringUpToDate, lineOf, linkOf, targetOf } from "./board_lines.ts";
import { signInAgain } from "./sign_in.ts";
import { t } from "./words.ts";

const LOOK_EVERY_MS = 5_000;

export class Board {
  readonly main: HTMLElement;
  private readonly list: HTMLElement;
  private readonly scroller: HTMLElement;
  private readonly bulk: HTMLElement;
  private readonly said: HTMLElement;
  private readonly picked = new Set<string>();
  private looks = 0;
  private timer = 0;
  /** The line that was last stood on, also while the focus is elsewhere. */
  private last: HTMLTableRowElement | null = null;
  /** Called after news came in. */
  changed: () => void = () => undefined;

  constructor(main: HTMLElement) {
    this.main = main;
    this.list = need(main, "#board-lines");
    this.scroller = need(main, "[data-scroll]");
    this.bulk = need(main, "[data-bulk]");
    this.said = need(main, "[data-said]");
    main.addEventListener("focusin", (event) => this.standOn(lineOf(event.target as Element)));
    main.addEventListener("change", (event) => this.pickBox(event.target as HTMLInputElement));
    this.startRange();
    document.addEventListener("visibilitychange", () => this.schedule(document.hidden ? LOOK_EVERY_MS : 0));
    this.schedule(LOOK_EVERY_MS);
  }

  get lines(): HTMLTableRowElement[] {
    return [...this.list.querySelectorAll<HTMLTableRowElement>("tr.line")];
  }

  /** The line with the focus, else the one that was last stood on, else the first. */
  get current(): HTMLTableRowElement | null {
    const focused = lineOf(document.activeElement);
    if (focused) return focused;
    return this.last?.isConnected ? this.last : (this.lines[0] ?? null);
  }

  /** What an act is for: the picked lines, else the current one. */
  get targets(): Target[] {
    const picked = this.lines.filter((line) => this.picked.has(line.id));
    const wanted = picked.length ? picked : this.current ? [this.current] : [];
    return wanted.map(targetOf);
  }

  get hasPicked(): boolean {
    return this.picked.size > 0;
  }

  lineOfItem(item: number): HTMLTableRowElement | null {
    return this.list.querySelector<HTMLTableRowElement>(`#item-${item}`);
  }

  lineOfCase(number: string): HTMLTableRowElement | null {
    return this.lines.find((line) => line.dataset.case === number) ?? null;
  }

  say(text: string): void {
    this.said.textContent = text;
    this.said.title = text;
  }

  /** Go up or down; the focus goes along. */
  move(by: number): HTMLTableRowElement | null {
    const lines = this.lines;
    const here = this.current;
    const focused = lineOf(document.activeElement) !== null || this.last !== null;
    const at = here && focused ? lines.indexOf(here) + by : 0;
    const next = lines[Math.max(0, Math.min(at, lines.length - 1))] ?? null;
    linkOf(next)?.focus({ preventScroll: true });
    next?.scrollIntoView({ block: "nearest" });
    return next;
  }

  focusCurrent(): void {
    linkOf(this.current)?.focus();
  }

  togglePick(): void {
    const line = this.current;
    if (!line) return;
    this.pick(line, !this.picked.has(line.id));
    this.showPicked();
  }

  pickNone(): void {
    const within = this.bulk.contains(document.activeElement);
    this.picked.clear();
    this.showPicked();
    if (within) this.focusCurrent();
  }

  /** Look for news at once; `all` also when the stamp says that there are none. */
  async look(all = false): Promise<void> {
    const mine = ++this.looks;
    clearTimeout(this.timer);
    try {
      const response = await fetch(this.address(all), { headers: { "HX-Request": "true", Accept: "text/html" } });
      if (response.status === 401 && (await signInAgain())) return await this.look(true);
      if (response.status === 200 && mine === this.looks) this.apply(await response.text());
    } catch {
      this.say(t("连不上服务器，正在重试。", "The server cannot be reached; trying again."));
    } finally {
      if (mine === this.looks) this.schedule(LOOK_EVERY_MS);
    }
  }

  /** Show more lines; the place is kept. */
  async more(rows: number): Promise<void> {
    this.list.dataset.rows = String(rows);
    await this.look(true);
  }

  private schedule(wait: number): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      if (document.hidden) this.schedule(LOOK_EVERY_MS);
      else void this.look();
    }, wait);
  }

  private address(all: boolean): string {
    const query = new URLSearchParams(location.search);
    query.delete("case");
    query.set("rows", this.list.dataset.rows ?? "50");
    if (!all) query.set("stamp", this.list.dataset.stamp ?? "");
    return `/triage/lines?${query}`;
  }

  private apply(html: string): void {
    const fresh = document.createElement("template");
    fresh.innerHTML = html; // our own server's template, escaped there
    const lines = fresh.content.querySelector<HTMLElement>("#board-lines");
    if (!lines) return;
    const before = Number(this.list.dataset.now);
    this.keepPlace(() => {
      const isNew = bringUpToDate(this.list, lines).filter((line) => Number(line.dataset.since) >= before);
      for (const line of isNew) line.classList.add("is-new");
      if (isNew.length) this.say(t(`新到 ${isNew.length} 件`, `${isNew.length} new`));
    });
    this.showViews(fresh.content.querySelector("#board-views"));
    for (const id of this.picked) if (!document.getElementById(id)) this.picked.delete(id);
    this.showPicked();
    this.changed();
  }

  /** What stood at the top of the window, or has the focus, stands there after the change. */
  private keepPlace(change: () => void): void {
    const top = this.scroller.getBoundingClientRect().top;
    const anchor = lineOf(document.activeElement) ?? this.lines.find((line) => line.getBoundingClientRect().bottom > top + 32);
    const before = anchor?.getBoundingClientRect().top ?? 0;
    const focused = document.activeElement as HTMLElement | null;
    const at = this.lines.indexOf(lineOf(focused) as HTMLTableRowElement);
    change();
    if (anchor?.isConnected) this.scroller.scrollTop += anchor.getBoundingClientRect().top - before;
    if (focused?.isConnected && document.activeElement !== focused) focused.focus({ preventScroll: true });
    else if (at >= 0 && !focused?.isConnected) linkOf(this.lines[Math.min(at, this.lines.length - 1)])?.focus({ preventScroll: true });
  }

  private showViews(fresh: Element | null): void {
    const views = this.main.querySelector("#board-views");
    if (!views || !fresh || views.innerHTML === fresh.innerHTML) return;
    const focused = views.contains(document.activeElement) ? document.activeElement?.id : "";
    views.replaceChildren(...fresh.childNodes);
    if (focused) document.getElementById(focused)?.focus();
  }

  private standOn(line: HTMLTableRowElement | null): void {
    if (!line) return;
    this.last = line;
    line.classList.remove("is-new");
  }

  private pickBox(box: HTMLInputElement): void {
    if (box.matches("[data-pick-all]")) for (const line of this.lines) this.pick(line, box.checked);
    else if (box.matches("[data-pick]")) this.pick(lineOf(box), box.checked);
    else return;
    this.showPicked();
  }

  /** Shift and a click picks all from the last picked line to this one. */
  private startRange(): void {
    let from: HTMLTableRowElement | null = null;
    this.list.addEventListener("click", (event) => {
      const box = event.target as HTMLElement;
      const line = box.matches("[data-pick]") ? lineOf(box) : null;
      if (!line) return;
      const lines = this.lines;
      if (event.shiftKey && from?.isConnected) {
        const [start, end] = [lines.indexOf(from), lines.indexOf(line)].sort((a, b) => a - b);
        for (const each of lines.slice(start, (end ?? 0) + 1)) this.pick(each, (box as HTMLInputElement).checked);
        this.showPicked();
      }
      from = line;
    });
  }

  private pick(line: HTMLTableRowElement | null, on: boolean): void {
    if (!line) return;
    if (on) this.picked.add(line.id);
    else this.picked.delete(line.id);
  }

  private showPicked(): void {
    for (const line of this.lines) {
      const on = this.picked.has(line.id);
      line.classList.toggle("is-picked", on);
      const box = line.querySelector<HTMLInputElement>("[data-pick]");
      if (box) box.checked = on;
    }
    const all = this.list.querySelector<HTMLInputElement>("[data-pick-all]");
    if (all) {
      all.checked = this.picked.size > 0 && this.picked.size === this.lines.length;
      all.indeterminate = this.picked.size > 0 && !all.checked;
    }
    this.bulk.hidden = !this.hasPicked;
    need(this.main, "[data-filters]").hidden = this.hasPicked;
    need(this.bulk, "[data-bulk-count]").textContent = t(`已选 ${this.picked.size} 件`, `${this.picked.size} selected`);
  }
}

export function need<T extends HTMLElement = HTMLElement>(within: ParentNode, selector: string): T {
  const found = within.querySelector<T>(selector);
  if (!found) throw new Error(`${selector} is missing`);
  return found;
}
