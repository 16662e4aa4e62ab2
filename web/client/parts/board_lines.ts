/** The lines of the queue: read from the page, and brought up to date without losing anybody's place. */
import type { Target } from "./board_acts.ts";

export function lineOf(node: Element | null): HTMLTableRowElement | null {
  return node?.closest<HTMLTableRowElement>("tr.line") ?? null;
}

export function targetOf(line: HTMLTableRowElement): Target {
  const { item, version, case: number = "", title = "", element = "", step = "", doing = "" } = line.dataset;
  return { item: Number(item), version: Number(version), number, title, element, step, doing: doing.split(" ") };
}

export function linkOf(line: HTMLTableRowElement | undefined | null): HTMLAnchorElement | null {
  return line?.querySelector<HTMLAnchorElement>("a.line-link") ?? null;
}

/** Replace the list's content by that of `fresh`; unchanged lines stay the very nodes they are. Gives those that came. */
export function bringUpToDate(list: HTMLElement, fresh: HTMLElement): HTMLTableRowElement[] {
  Object.assign(list.dataset, fresh.dataset);
  const body = list.querySelector("tbody");
  const freshBody = fresh.querySelector("tbody");
  if (!body || !freshBody) {
    list.replaceChildren(...fresh.childNodes);
    return freshBody ? [...freshBody.rows] : [];
  }
  const came = morphRows(body, freshBody);
  list.querySelector(".lines-more")?.remove();
  const more = fresh.querySelector(".lines-more");
  if (more) list.append(more);
  return came;
}

function morphRows(body: HTMLTableSectionElement, fresh: HTMLTableSectionElement): HTMLTableRowElement[] {
  const known = new Map([...body.rows].map((row) => [row.id, row]));
  const came: HTMLTableRowElement[] = [];
  let at: ChildNode | null = body.firstElementChild;
  for (const row of [...fresh.rows]) {
    const old = known.get(row.id);
    known.delete(row.id);
    if (!old) {
      came.push(row);
      body.insertBefore(row, at);
      continue;
    }
    if (old !== at) body.insertBefore(old, at);
    else at = old.nextElementSibling;
    change(old, row);
  }
  for (const gone of known.values()) gone.remove();
  return came;
}

/** Give an old line what changed of it; its box, its marks and its focus stay. */
function change(old: HTMLTableRowElement, row: HTMLTableRowElement): void {
  for (const name of Object.keys(row.dataset)) {
    if (old.dataset[name] !== row.dataset[name]) old.dataset[name] = row.dataset[name] ?? "";
  }
  [...row.cells].forEach((cell, index) => {
    const before = old.cells[index];
    if (!before || before.innerHTML === cell.innerHTML || before.classList.contains("pick")) return;
    const focused = before.contains(document.activeElement) ? document.activeElement?.className : undefined;
    before.replaceChildren(...cell.childNodes);
    if (focused !== undefined) (before.querySelector<HTMLElement>("a, button") ?? linkOf(old))?.focus({ preventScroll: true });
  });
}
