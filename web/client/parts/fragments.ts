/** Parts of pages that htmx loads: an ended session asks for the password, a refusal is told where it happened. */
import "htmx.org";
import { problemOf } from "./api.ts";
import { el } from "./dialogs.ts";
import { signInAgain } from "./sign_in.ts";

interface Context {
  target: Element | null;
  response?: { status: number; raw: Response };
}

export function startFragments(): void {
  document.addEventListener("htmx:before:response", (event) => {
    const ctx: Context = event.detail.ctx;
    if (!ctx.response || ctx.response.status < 400) return;
    event.preventDefault();
    void refused(ctx.target, ctx.response);
  });
}

async function refused(target: Element | null, response: { status: number; raw: Response }): Promise<void> {
  if (response.status === 401) {
    if (await signInAgain()) location.reload();
    return;
  }
  const problem = problemOf(response.status, await response.raw.text());
  target?.replaceChildren(el("p", { class: "problem", role: "alert" }, `${problem.title} ${problem.detail}`));
}
