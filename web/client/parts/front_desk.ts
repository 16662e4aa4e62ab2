/** The front desk: windows follow the matter until somebody chooses them; after registering comes the visit's page. */

/** Tick what is suggested for the matter; what a person ticked or unticked by hand stays as it is. */
export function startReceiving(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-receive]")) {
    const windows = [...form.querySelectorAll<HTMLInputElement>('input[name$="windows"]')];
    let chosen = false;
    const suggest = () => {
      const matter = form.querySelector<HTMLInputElement>('input[name$="matter"]:checked');
      if (!matter || chosen) return;
      const wanted = (matter.dataset.suggests ?? "").split(" ");
      for (const window of windows) window.checked = wanted.includes(window.value);
    };
    form.addEventListener("change", (event) => {
      const control = event.target;
      if (!(control instanceof HTMLInputElement)) return;
      if (windows.includes(control)) chosen = true;
      else if (control.name.endsWith("matter")) suggest();
    });
    suggest();
    form.addEventListener("acted", (event) => {
      const number = String((event as CustomEvent<{ number: string }>).detail.number);
      location.assign(`/visits/${encodeURIComponent(number)}?received`);
    });
  }
}

export function startPrinting(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-print]")) {
    button.addEventListener("click", () => window.print());
  }
}
