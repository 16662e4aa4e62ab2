/** The histogram of lateness, drawn from the table below it, so that both always say the same. */
import { BarChart } from "echarts/charts";
import { GridComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import type { ECBasicOption } from "echarts/types/dist/shared";

use([BarChart, GridComponent, SVGRenderer]);

export function draw(place: HTMLElement, sheet: HTMLElement): void {
  const rows = [...document.querySelectorAll<HTMLTableRowElement>("#ages tbody tr")];
  const chart = init(sheet, null, { renderer: "svg" });
  const paint = (): void => chart.setOption(optionsOf(rows, getComputedStyle(place)));
  chart.on("click", ({ dataIndex }) => rows[dataIndex]?.querySelector("a")?.click());
  paint();
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", paint);
  const size = new ResizeObserver(() => {
    if (place.isConnected) return chart.resize();
    size.disconnect();
    dark.removeEventListener("change", paint);
    chart.dispose();
  });
  size.observe(place);
}

function optionsOf(rows: HTMLTableRowElement[], style: CSSStyleDeclaration): ECBasicOption {
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const font = { color: colour("--ink-2"), fontFamily: style.fontFamily, fontSize: 12 };
  return {
    animation: false,
    grid: { left: 4, right: 4, top: 24, bottom: 36 },
    xAxis: {
      type: "category",
      data: rows.map((row) => (row.querySelector("a")?.textContent ?? "").replace(/24 (?=\S)/, "24\n")),
      axisLabel: { ...font, interval: 0, lineHeight: 14 },
      axisLine: { lineStyle: { color: colour("--line-strong") } },
      axisTick: { show: false },
    },
    yAxis: { type: "value", show: false, minInterval: 1 },
    series: [
      {
        type: "bar",
        data: rows.map((row) => ({
          value: Number(row.dataset.count),
          itemStyle: { opacity: Number(row.dataset.count) ? 1 : 0 },
        })),
        itemStyle: { color: colour("--late") },
        emphasis: { disabled: true },
        barCategoryGap: "30%",
        barMinHeight: 1,
        label: { show: true, position: "top", ...font, color: colour("--ink") },
      },
    ],
  };
}
