/** Two languages side by side, as on the server: `t("待办", "Tasks")`. */
export function t(zh: string, en: string): string {
  return typeof document !== "undefined" && document.documentElement.lang === "en" ? en : zh; // no page in a worker
}
