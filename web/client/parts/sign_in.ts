/** The session has ended in the middle of something: sign in over the page, which stays as it is. */
import { problemOf, rememberToken } from "./api.ts";
import { el, openDialog } from "./dialogs.ts";
import { t } from "./words.ts";

let asking: Promise<boolean> | null = null;

/** Whether the person is signed in again; several calls at once share one dialog. */
export function signInAgain(): Promise<boolean> {
  asking ??= ask().finally(() => {
    asking = null;
  });
  return asking;
}

async function ask(): Promise<boolean> {
  const staffNo = document.querySelector<HTMLMetaElement>("meta[name=staff]")?.content ?? "";
  const number = el("input", { id: "again-number", name: "staff_no", autocomplete: "username", value: staffNo });
  if (staffNo) number.readOnly = true;
  const password = el("input", {
    id: "again-password",
    name: "password",
    type: "password",
    autocomplete: "current-password",
    required: "",
  });
  const wrong = el("p", { class: "error", role: "alert" });
  const form = el(
    "form",
    { class: "stack", method: "post" },
    el("p", {}, t("登录已过期，您填写的内容都在。请重新登录后继续。", "Your session has ended. Everything you typed is still here; sign in to go on.")),
    el("div", { class: "field" }, el("label", { for: "again-number" }, t("工号", "Staff number")), number),
    el("div", { class: "field" }, el("label", { for: "again-password" }, t("密码", "Password")), password, wrong),
    el("button", { class: "button primary" }, t("登录并继续", "Sign in and go on")),
  );
  const { dialog, closed } = openDialog(t("请重新登录", "Sign in again"), form);
  password.focus();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const refused = await attempt(new FormData(form));
    if (refused === null) dialog.close("signed-in");
    else wrong.textContent = refused;
  });
  return (await closed) === "signed-in";
}

/** Null when it went well, else what to tell the person. */
async function attempt(fields: FormData): Promise<string | null> {
  const body = new URLSearchParams([...fields].map(([name, value]) => [name, String(value)]));
  try {
    const response = await fetch("/sign-in", { method: "POST", headers: { Accept: "application/json" }, body });
    const text = await response.text();
    if (!response.ok) return problemOf(response.status, text).title;
    rememberToken((JSON.parse(text) as { csrf_token: string }).csrf_token);
    return null;
  } catch {
    return t("连不上服务器，请检查网络后重试。", "The server cannot be reached; check the network and try again.");
  }
}
