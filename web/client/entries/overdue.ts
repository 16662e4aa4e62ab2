/** The overdue board: arithmetic on tap, map and histogram when they come into view, urging many at once. */
import { startArithmetic } from "../parts/arithmetic.ts";
import { startBulk } from "../parts/bulk.ts";
import { el } from "../parts/dialogs.ts";

interface Drawing {
  draw(place: HTMLElement, sheet: HTMLElement): void;
}

startArithmetic();
startBulk();
drawWhenSeen();
document.addEventListener("htmx:after:swap", drawWhenSeen);

/**
 * Leaflet and ECharts are large: they are loaded for a place that is about to be seen. They draw on a sheet inside it:
 * htmx copies the styles of elements that have an id from the old page to the new, which the policy forbids.
 */
function drawWhenSeen(): void {
  const board = document.getElementById("board");
  const places: [string, string | undefined][] = [
    ["map", board?.dataset.map],
    ["ages-chart", board?.dataset.chart],
  ];
  for (const [id, script] of places) {
    const place = document.getElementById(id);
    if (!place || !script || place.dataset.drawn) continue;
    place.dataset.drawn = "yes";
    const watcher = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        watcher.disconnect();
        void (import(script) as Promise<Drawing>).then((drawing) => {
          const sheet = el("div", { class: "over-sheet" });
          place.append(sheet);
          drawing.draw(place, sheet);
        });
      },
      { rootMargin: "200px" },
    );
    watcher.observe(place);
  }
}
