/** The map without tiles: areas of units, coloured and numbered by what the table of units says. */
import {
  control,
  divIcon,
  type GeoJSON as Drawn,
  geoJSON,
  type Layer,
  type Map as LeafletMap,
  map,
  marker,
  type Path,
  type Polygon,
} from "leaflet";
import { get, Problem } from "../parts/api.ts";
import { t } from "../parts/words.ts";

interface Properties {
  code: string;
  name: string;
  generated: boolean;
}

/** By the unit's code, as the server counted them for the table. */
type Figures = Record<string, { name: string; overdue: number; soon: number; href: string }>;
type Areas = GeoJSON.FeatureCollection<GeoJSON.Polygon | GeoJSON.MultiPolygon, Properties>;

const STEPS = [0, 2, 5, 10];
const ROOM = 28;

export function draw(place: HTMLElement, sheet: HTMLElement): void {
  void get<Areas>(place.dataset.areas ?? "")
    .then((areas) => (areas.features.length ? show(place, sheet, areas) : empty(place)))
    .catch((error: unknown) => {
      if (!(error instanceof Problem)) throw error;
      empty(place);
    });
}

function empty(place: HTMLElement): void {
  place.hidden = true;
  for (const legend of place.parentElement?.querySelectorAll<HTMLElement>(".legend") ?? []) legend.hidden = true;
  const note = document.getElementById("map-empty");
  if (note) note.hidden = false;
}

function show(place: HTMLElement, sheet: HTMLElement, areas: Areas): void {
  const board = map(sheet, { attributionControl: false, zoomControl: false, zoomSnap: 0.25, scrollWheelZoom: false });
  control.zoom({ zoomInTitle: t("放大", "Zoom in"), zoomOutTitle: t("缩小", "Zoom out") }).addTo(board);
  const figures = JSON.parse(place.dataset.figures ?? "{}") as Figures;
  const layer = geoJSON(areas, {
    style: (feature) => ({ className: classOf(figures, feature?.properties.code ?? "", place.dataset.here ?? "") }),
    onEachFeature: (feature, each) => prepare(each as Path, figures, feature.properties as Properties),
  }).addTo(board);
  board.fitBounds(layer.getBounds(), { paddingTopLeft: [48, 8], paddingBottomRight: [8, 8], animate: false });
  for (const each of layer.getLayers()) if (codeOf(each) === place.dataset.here) (each as Path).bringToFront();
  const numbers = geoJSON().addTo(board);
  const number = (): void => writeNumbers(board, figures, layer.getLayers(), numbers);
  board.on("zoomend", number);
  number();
  const note = document.getElementById("map-note");
  if (note) note.hidden = !areas.features.some((feature) => feature.properties.generated);
}

function codeOf(layer: Layer): string {
  return ((layer as Polygon).feature as GeoJSON.Feature<GeoJSON.Polygon, Properties>).properties.code;
}

function classOf(figures: Figures, code: string, here: string): string {
  const overdue = figures[code]?.overdue ?? 0;
  const step = STEPS.filter((limit) => overdue > limit).length;
  return `area area-${step}${code === here ? " is-here" : ""}`;
}

function prepare(layer: Path, figures: Figures, { code, name }: Properties): void {
  const unit = figures[code] ?? { name, overdue: 0, soon: 0, href: "" };
  layer.bindTooltip(
    t(`${unit.name}：超期 ${unit.overdue}，即将到期 ${unit.soon}`, `${unit.name}: ${unit.overdue} overdue, ${unit.soon} due soon`),
    { sticky: true },
  );
  layer.on("click", () => open(code, unit.href));
}

/** In the table beside it where it is shown, which keeps the place; else as a page. */
function open(code: string, href: string): void {
  const link = document.getElementById(`unit-${code}`);
  if (link) link.click();
  else if (href) location.assign(href);
}

/** A number only where its area has room for it. */
function writeNumbers(board: LeafletMap, figures: Figures, layers: Layer[], numbers: Drawn): void {
  numbers.clearLayers();
  for (const layer of layers as Polygon[]) {
    const overdue = figures[codeOf(layer)]?.overdue ?? 0;
    const bounds = layer.getBounds();
    const west = board.latLngToLayerPoint(bounds.getSouthWest());
    const east = board.latLngToLayerPoint(bounds.getNorthEast());
    if (!overdue || east.x - west.x < ROOM || west.y - east.y < ROOM) continue;
    const icon = divIcon({ className: "area-number", html: `<span>${overdue}</span>`, iconSize: [32, 20] });
    marker(layer.getCenter(), { icon, interactive: false, keyboard: false }).addTo(numbers);
  }
}
