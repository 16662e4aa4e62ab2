/** Whose phone it is just now: the person of this page, else the one who signed in last and has not signed out. */
const KEY = "gridgov:worker";

export function worker(): string | null {
  const here = document.querySelector<HTMLMetaElement>("meta[name=staff]")?.content;
  return here ?? localStorage.getItem(KEY);
}

/** Remember the person of this page; on a page without one, name the remembered person for the sign-in dialog. */
export function rememberWorker(): void {
  const here = document.querySelector<HTMLMetaElement>("meta[name=staff]");
  if (here) {
    localStorage.setItem(KEY, here.content);
    return;
  }
  const known = localStorage.getItem(KEY);
  if (!known) return;
  const meta = document.createElement("meta");
  meta.name = "staff";
  meta.content = known;
  document.head.append(meta);
}

/** Who signs out is not offered to the next person; their drafts stay for them. */
export function startSignOut(): void {
  document.addEventListener("submit", (event) => {
    if (event.target instanceof HTMLFormElement && event.target.matches("[data-sign-out]")) localStorage.removeItem(KEY);
  });
}
