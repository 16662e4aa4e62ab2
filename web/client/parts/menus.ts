/** Menus close with Escape and with a press elsewhere; demo accounts fill in the sign-in form. */
export function startMenus(): void {
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) {
      if (!menu.contains(event.target as Node)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
  });
  for (const account of document.querySelectorAll<HTMLButtonElement>("[data-account]")) {
    account.addEventListener("click", () => fillIn(account.dataset.account ?? "", account.dataset.password ?? ""));
  }
}

function fillIn(staffNo: string, password: string): void {
  const form = document.querySelector<HTMLFormElement>("form");
  const number = form?.querySelector<HTMLInputElement>("#staff_no");
  const secret = form?.querySelector<HTMLInputElement>("#password");
  if (!form || !number || !secret) return;
  number.value = staffNo;
  secret.value = password;
  form.requestSubmit();
}
