/** The drawing of a case's models with its way in it; loaded only when somebody opens it. */
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import { get, Problem } from "../parts/api.ts";
import { el, icon, openDialog } from "../parts/dialogs.ts";
import { t } from "../parts/words.ts";

interface Canvas {
  addMarker(element: string, marker: string): void;
  zoom(to?: number | "fit-viewport", center?: "auto" | { x: number; y: number }): number;
  viewbox(to?: Box): Box;
}
interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
  scale: number;
}
interface Overlays {
  add(element: string, overlay: { position: { top: number; left: number }; html: HTMLElement }): void;
}
interface Registry {
  get(id: string): { x: number; y: number; width: number; height: number } | undefined;
}

/** Below this, labels cannot be read: the drawing opens at the token instead of as a whole. */
const LEGIBLE = 0.8;

/** Open the dialog over the routes of `section`; resolves when it is closed. */
export async function open(section: HTMLElement): Promise<void> {
  const routes = [...section.querySelectorAll<HTMLElement>(".route")];
  const canvas = el("div", { class: "diagram-canvas", role: "figure" });
  const list = el("div", { class: "diagram-list" });
  const tools = el("div", { class: "diagram-tools", role: "group", "aria-label": t("流程图", "Diagram") });
  const zooms = el("div", { class: "diagram-zoom" });
  const body = el("div", { class: "diagram-body" }, canvas, list);
  const { dialog, closed } = openDialog(t("流程图", "Diagram"), tools, body);
  dialog.classList.add("diagram-dialog");
  const viewer = new NavigatedViewer({ container: canvas, bpmnRenderer: colours() });
  const tabs = routes.map((route) => tab(route, async () => {
    for (const each of tabs) each.setAttribute("aria-pressed", String(each === tabs[routes.indexOf(route)]));
    list.replaceChildren(...[...route.children].map((child) => child.cloneNode(true)));
    canvas.setAttribute("aria-label", t(`${route.dataset.title}；右侧列表说的是同样的内容`, `${route.dataset.title}; the list beside it says the same`));
    await draw(viewer, route, canvas);
  }));
  zooms.append(
    zoom("plus", t("放大", "Zoom in"), () => step(viewer, 1.25)),
    zoom("minus", t("缩小", "Zoom out"), () => step(viewer, 0.8)),
    zoom("refresh", t("全图", "Whole drawing"), () => void canvasOf(viewer).zoom("fit-viewport", "auto")),
  );
  tools.append(...tabs, zooms);
  tabs[0]?.click();
  await closed;
  viewer.destroy();
}

function tab(route: HTMLElement, chosen: () => Promise<void>): HTMLButtonElement {
  const button = el("button", { type: "button", class: "button small", "aria-pressed": "false" }, route.dataset.title ?? "");
  button.addEventListener("click", () => void chosen());
  return button;
}

function zoom(name: string, label: string, act: () => void): HTMLButtonElement {
  const button = el("button", { type: "button", class: "tool", "aria-label": label, title: label }, icon(name));
  button.addEventListener("click", act);
  return button;
}

function step(viewer: NavigatedViewer, by: number): void {
  const canvas = canvasOf(viewer);
  canvas.zoom(canvas.viewbox().scale * by, "auto");
}

async function draw(viewer: NavigatedViewer, route: HTMLElement, place: HTMLElement): Promise<void> {
  try {
    await viewer.importXML(await xmlOf(route.dataset.href ?? ""));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    place.append(el("p", { class: "problem", role: "alert" }, error.message));
    return;
  }
  const canvas = canvasOf(viewer);
  const registry = viewer.get<Registry>("elementRegistry");
  const known = (id: string) => registry.get(id) !== undefined;
  for (const id of (route.dataset.passed ?? "").split(" ").filter(known)) canvas.addMarker(id, "passed");
  for (const stop of route.querySelectorAll<HTMLElement>("[data-element]")) mark(viewer, canvas, stop, known);
  canvas.zoom("fit-viewport", "auto");
  const here = registry.get(route.querySelector<HTMLElement>("[data-elapsed]")?.dataset.element ?? "");
  if (here && canvas.viewbox().scale < LEGIBLE) {
    canvas.zoom(LEGIBLE, { x: here.x + here.width / 2, y: here.y + here.height / 2 });
    centre(canvas, here);
  }
}

/** The place where the case stands comes into the middle. */
function centre(canvas: Canvas, shape: { x: number; y: number; width: number; height: number }): void {
  const box = canvas.viewbox();
  canvas.viewbox({
    ...box,
    x: shape.x + shape.width / 2 - box.width / 2,
    y: shape.y + shape.height / 2 - box.height / 2,
  });
}

function mark(viewer: NavigatedViewer, canvas: Canvas, stop: HTMLElement, known: (id: string) => boolean): void {
  const id = stop.dataset.element ?? "";
  if (!known(id)) return;
  if (stop.dataset.late !== undefined) canvas.addMarker(id, "late");
  if (stop.dataset.elapsed === undefined) return;
  canvas.addMarker(id, "here");
  const late = stop.dataset.late !== undefined ? " late" : "";
  const token = el("div", { class: `token${late}` }, stop.dataset.elapsed);
  viewer.get<Overlays>("overlays").add(id, { position: { top: -14, left: -6 }, html: token });
}

function canvasOf(viewer: NavigatedViewer): Canvas {
  return viewer.get<Canvas>("canvas");
}

async function xmlOf(href: string): Promise<string> {
  const response = await fetch(href);
  if (response.ok) return response.text();
  await get(href); // asks to sign in again, or throws what the server said
  return (await fetch(href)).text();
}

/** The drawing takes the page's own colours, so that it is legible on a dark ground too. */
function colours(): Record<string, string> {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(name).trim();
  return { defaultFillColor: of("--surface"), defaultStrokeColor: of("--ink-2"), defaultLabelColor: of("--ink") };
}
