/**
 * The report form. What is written is kept on the phone at every change; pressing 上报 hands it in, which cannot fail:
 * it becomes a draft, and the draft is sent at once when there is a network.
 */
import { get, type Json, Problem } from "./api.ts";
import { el, icon } from "./dialogs.ts";
import { forgetDismissed, showDuplicates } from "./duplicates.ts";
import { bodyOf, clearErrors, showProblem } from "./forms.ts";
import { drain } from "./outbox.ts";
import * as store from "./phone_store.ts";
import { type PlaceField, placeField } from "./report_place.ts";
import { photoStrip, type Strip } from "./photos.ts";
import { t } from "./words.ts";
import { worker } from "./who.ts";

const SAVE_AFTER_MS = 300;
const ASK_AFTER_MS = 500;
const TITLE_WORDS = 24;
const RECENT_MS = 7 * 24 * 3600_000;

export async function startReport(): Promise<void> {
  const form = document.querySelector<HTMLFormElement>("#report");
  const staff = worker();
  if (!form) return;
  form.addEventListener("submit", (event) => event.preventDefault());
  const kit = staff ? await loadKit(staff) : undefined;
  if (!staff || !kit) {
    byId("nobody").hidden = false;
    byId<HTMLButtonElement>("send").disabled = true;
    return;
  }
  await new ReportForm(form, kit).start();
}

/** On the page that came from the server the list is in it; else what this phone kept. */
async function loadKit(staff: string): Promise<store.Kit | undefined> {
  const given = document.getElementById("kit")?.textContent;
  if (given) {
    const kit = JSON.parse(given) as store.Kit;
    await store.keepKit(kit);
    return kit;
  }
  return store.keptKit(staff);
}

class ReportForm {
  private readonly place: PlaceField;
  private readonly strip: Strip;
  private taken: number | null = null;
  private saving: ReturnType<typeof setTimeout> | undefined;
  private asking: ReturnType<typeof setTimeout> | undefined;
  private asked = "";
  private received = "";

  constructor(
    private readonly form: HTMLFormElement,
    private readonly kit: store.Kit,
  ) {
    this.place = placeField(kit, () => this.changed());
    this.strip = photoStrip(form, (taken) => {
      if (taken?.at && taken.at > Date.now() - RECENT_MS && taken.at <= Date.now()) this.taken ??= taken.at;
      if (taken?.position) this.place.suggest(taken.position);
      void this.save();
    });
  }

  async start(): Promise<void> {
    const kept = await store.keptForm(this.kit.staff_no);
    this.restore(kept);
    this.listen();
    this.adapt();
    if (kept?.problem) showProblem(this.form, new Problem(kept.problem));
    this.form.dataset.ready = "";
    await this.place.locate();
  }

  private listen(): void {
    this.form.addEventListener("input", () => this.changed());
    this.form.addEventListener("change", () => this.adapt());
    this.form.addEventListener("submit", () => void this.submit());
    byId("add-party").addEventListener("click", () => this.addParty({})?.querySelector("input")?.focus());
    byId("more-types").addEventListener("click", () => this.showRareTypes());
    for (const button of this.form.querySelectorAll<HTMLButtonElement>("[data-measure]")) {
      button.addEventListener("click", () => this.addMeasure(button.dataset.measure ?? ""));
    }
    document.addEventListener("visibilitychange", () => void this.save());
    addEventListener("pagehide", () => void this.save());
  }

  /** What follows from what was chosen: types of a dispute, the domain, measures, whether it can be settled here. */
  private adapt(): void {
    const kind = this.chosen("kind");
    byId("types").hidden = kind?.value !== "dispute";
    const domain = byId<HTMLSelectElement>("domain");
    if (kind?.dataset.domain && domain.dataset.by !== "hand") domain.value = kind.dataset.domain;
    const settled = byId<HTMLInputElement>("settled");
    settled.disabled = kind?.value === "criminal";
    byId("never-on-spot").hidden = !settled.disabled;
    if (settled.disabled) settled.checked = false;
    byId("measures-field").hidden = !settled.checked;
    byId<HTMLInputElement>("title").placeholder = this.madeTitle();
    this.changed();
  }

  private changed(): void {
    this.form.dataset.unsaved = "";
    clearTimeout(this.saving);
    this.saving = setTimeout(() => void this.save(), SAVE_AFTER_MS);
    clearTimeout(this.asking);
    this.asking = setTimeout(() => void this.ask(), ASK_AFTER_MS);
  }

  private chosen(name: string): HTMLInputElement | null {
    return this.form.querySelector<HTMLInputElement>(`input[name=${name}]:checked`);
  }

  /** The kind and the first words of the text; the place when nothing was written. */
  private madeTitle(): string {
    const kind = this.chosen("kind");
    const type = kind?.value === "dispute" ? this.chosen("type") : null;
    const label = (type ?? kind)?.dataset.label ?? "";
    const first = byId<HTMLTextAreaElement>("text").value.trim().split(/[。！？；\n.!?;]/)[0] ?? "";
    const words = first.length > TITLE_WORDS ? `${first.slice(0, TITLE_WORDS)}…` : first;
    return [label, words || this.place.name()].filter(Boolean).join(t("：", ": "));
  }

  private addMeasure(words: string): void {
    const field = byId<HTMLTextAreaElement>("measures");
    if (!field.value.includes(words)) field.value = [field.value.trim(), words].filter(Boolean).join(t("；", "; "));
    this.changed();
  }

  private showRareTypes(): void {
    for (const rare of this.form.querySelectorAll<HTMLElement>("[data-rare]")) rare.hidden = false;
    byId("more-types").hidden = true;
    this.form.querySelector<HTMLInputElement>("[data-rare] input")?.focus();
  }

  private addParty(values: Record<string, string>): HTMLElement | null {
    const made = byId<HTMLTemplateElement>("party").content.firstElementChild?.cloneNode(true) as HTMLElement;
    for (const control of made.querySelectorAll<HTMLInputElement>("[data-party]")) {
      const value = values[control.dataset.party ?? ""];
      if (value) control.value = value;
    }
    made.querySelector("[data-remove]")?.addEventListener("click", () => {
      made.remove();
      byId("add-party").focus();
      this.changed();
    });
    byId("party-list").append(made);
    return made;
  }

  private parties(): Record<string, string>[] {
    return [...this.form.querySelectorAll(".party")]
      .map((party) => {
        const controls = [...party.querySelectorAll<HTMLInputElement>("[data-party]")];
        return Object.fromEntries(controls.map((each) => [each.dataset.party, each.value.trim()]).filter(([, value]) => value));
      })
      .filter((party) => party.name);
  }

  // -- kept on the phone

  private state(): store.FormState {
    const fields: [string, string][] = [...new FormData(this.form)].map(([name, value]) => [name, String(value)]);
    fields.push(["occurred", byId<HTMLInputElement>("occurred_at").value]);
    return {
      staff: this.kit.staff_no,
      fields: fields.filter(([name]) => name !== "place_unit"),
      parties: this.parties(),
      photos: this.strip.photos(),
      place: this.place.code() === this.kit.home ? null : this.place.code(),
      position: this.place.position(),
      taken: this.taken,
      problem: null,
    };
  }

  private async save(): Promise<void> {
    clearTimeout(this.saving);
    if (this.form.hidden) return;
    await store.keepForm(this.state());
    delete this.form.dataset.unsaved;
  }

  private restore(kept: store.FormState | undefined): void {
    this.form.reset();
    byId("party-list").replaceChildren();
    for (const [name, value] of kept?.fields ?? []) {
      for (const control of this.form.querySelectorAll<HTMLInputElement>(`[name="${name}"]`)) {
        if (["radio", "checkbox"].includes(control.type)) control.checked = control.value === value;
        else control.value = value;
      }
      if (name === "occurred") byId<HTMLInputElement>("occurred_at").value = value;
    }
    for (const party of kept?.parties ?? []) this.addParty(party);
    if (this.chosen("type")?.closest("[data-rare]")) this.showRareTypes();
    this.taken = kept?.taken ?? null;
    this.strip.show(kept?.photos ?? []);
    this.place.restore(kept?.place ?? null, kept?.position ?? null);
  }

  // -- who will receive it, and whether it is known already

  private async ask(): Promise<void> {
    const place = this.place.code();
    const kind = this.chosen("kind")?.value ?? "";
    const restricted = byId<HTMLInputElement>("restricted").checked;
    const settled = byId<HTMLInputElement>("settled").checked;
    const question = JSON.stringify([place, kind, restricted, settled, this.madeTitle(), byId<HTMLInputElement>("title").value]);
    if (!place || question === this.asked || this.form.hidden) return;
    this.asked = question;
    await Promise.all([this.askRoute(place, restricted, settled, question), this.askDuplicates(place, kind)]);
  }

  private async askRoute(place: string, restricted: boolean, settled: boolean, question: string): Promise<void> {
    let route = this.kit.route;
    try {
      route = await get<store.Route & Json>(`/api/v1/cases/route?${new URLSearchParams({ place_unit: place, restricted: String(restricted) })}`, { quiet: true });
    } catch {
      // without network: whoever receives what is reported from the own post
    }
    if (question !== this.asked) return; // something was changed meanwhile
    const checked = t(`当场办结：由${route.station}抽查`, `Settled on the spot: ${route.station} may check it`);
    byId("route").textContent = settled ? checked : t(`将送达：${route.words}`, `Goes to: ${route.words}`);
    this.received = settled ? checked : t(`已送达：${route.words}`, `Received by: ${route.words}`);
  }

  private async askDuplicates(place: string, kind: string): Promise<void> {
    const at = this.place.position();
    const query: Record<string, string> = { place_unit: place, title: byId<HTMLInputElement>("title").value.trim() || this.madeTitle() };
    if (kind) query.kind = kind;
    if (at) Object.assign(query, { lng: String(at.lng), lat: String(at.lat) });
    await showDuplicates(byId("duplicates"), kind ? query : null, (number, title) => void this.follow(number, title));
  }

  // -- handing in

  private async submit(): Promise<void> {
    await this.strip.ready();
    if (this.form.hidden || !this.isComplete()) return;
    const body = this.body();
    await this.handIn({ kind: "report", title: String(body.title), path: "/api/v1/cases", body, number: null });
  }

  /** This is the case that is known already: join it, with what was seen. */
  private async follow(number: string, title: string): Promise<void> {
    await this.strip.ready();
    const note = byId<HTMLTextAreaElement>("text").value.trim();
    await this.handIn({ kind: "follow", title, path: `/api/v1/cases/${number}/followers`, body: note ? { note } : {}, number });
  }

  private async handIn(what: Pick<store.Draft, "kind" | "title" | "path" | "body" | "number">): Promise<void> {
    clearTimeout(this.saving);
    const form = this.state();
    const written = byId<HTMLInputElement>("occurred_at").value;
    const occurred = written ? Date.parse(`${written}:00+08:00`) : (this.taken ?? Date.now()); // the calendar's zone
    this.form.hidden = true; // nothing is saved into the form's place any more
    const report = what.kind === "report";
    const draft = store.newDraft({ ...what, staff: this.kit.staff_no, photos: form.photos }, report ? occurred : null, report ? form : null);
    await store.handIn(draft);
    forgetDismissed();
    this.tell(draft, true);
    await drain(true);
    await this.outcome(draft.id);
  }

  private async outcome(id: string): Promise<void> {
    const draft = await store.draft(id);
    if (!draft) return;
    if (draft.state === "refused" && draft.form) {
      await editAgain(draft);
      this.form.hidden = false;
      byId("sent").hidden = true;
      await this.reopen();
    } else this.tell(draft, false);
  }

  private async reopen(): Promise<void> {
    const kept = await store.keptForm(this.kit.staff_no);
    this.restore(kept);
    this.adapt();
    if (kept?.problem) showProblem(this.form, new Problem(kept.problem));
  }

  /** What became of it, in place of the form. */
  private tell(draft: store.Draft, sending: boolean): void {
    const root = byId("sent");
    const again = el("button", { type: "button", class: "button primary wide" }, icon("plus"), t("再报一件", "Report another"));
    again.addEventListener("click", () => {
      root.hidden = true;
      this.form.hidden = false;
      this.taken = null;
      this.asked = "";
      void this.reopen().then(() => this.place.locate());
      scrollTo(0, 0);
    });
    const [tone, sign, heading, line] = words(draft, sending, this.received);
    const title = el("h2", { tabindex: "-1", class: tone }, icon(sign), heading);
    const buttons = el("div", { class: "stack tight" }, again);
    if (draft.state === "sent" && draft.number) {
      buttons.append(el("a", { class: "button wide", href: `/cases/${draft.number}` }, t("查看事件", "See the case")));
    } else if (!sending) buttons.append(el("a", { class: "button wide", href: "/outbox" }, t("查看待发送", "See what waits")));
    root.replaceChildren(title, el("p", {}, el("b", {}, draft.title)), el("p", { class: "quiet" }, line), buttons);
    root.hidden = false;
    title.focus();
  }

  private isComplete(): boolean {
    clearErrors(this.form);
    const missing: [string, string, HTMLElement | null][] = [];
    const kind = this.chosen("kind")?.value;
    if (!kind) missing.push(["kind", t("请选择是什么事", "Choose what it is"), byId("kind-dispute")]);
    if (kind === "dispute" && !this.chosen("type")) {
      missing.push(["type", t("请选择哪类纠纷", "Choose the sort of dispute"), this.form.querySelector("input[name=type]")]);
    }
    if (byId<HTMLInputElement>("settled").checked && byId<HTMLTextAreaElement>("measures").value.trim().length < 2) {
      missing.push(["measures", t("请写明怎样办结的", "Say how it was settled"), byId("measures")]);
    }
    for (const [field, words, control] of missing) {
      const error = this.form.querySelector<HTMLElement>(`[data-field=${field}] .error`);
      if (!error) continue;
      error.id = `${field}-error`;
      error.textContent = words;
      error.hidden = false;
      control?.setAttribute("aria-describedby", error.id);
      control?.setAttribute("aria-invalid", "true");
    }
    missing[0]?.[2]?.focus();
    return missing.length === 0;
  }

  private body(): Json {
    const body = bodyOf(this.form);
    const at = this.place.position();
    const parties = this.parties();
    body.place_unit = this.place.code();
    body.title = body.title ?? this.madeTitle().slice(0, 100);
    if (at) body.position = { lng: at.lng, lat: at.lat };
    if (parties.length > 0) body.parties = parties;
    if (body.kind !== "dispute") delete body.type;
    if (!body.settled) delete body.measures;
    return body;
  }
}

/** A refused draft goes back into the form. A form that was half written meanwhile is not overwritten. */
export async function editAgain(draft: store.Draft): Promise<boolean> {
  if (!draft.form) return false;
  const begun = await store.keptForm(draft.staff);
  if (begun && isBegun(begun)) return false;
  await store.takeBack(draft, { ...draft.form, problem: draft.problem });
  return true;
}

function isBegun(form: store.FormState): boolean {
  const written = form.fields.some(([name, value]) => ["kind", "text", "title", "measures", "address"].includes(name) && value);
  return written || form.photos.length > 0 || form.parties.length > 0;
}

function words(draft: store.Draft, sending: boolean, received: string): [tone: string, sign: string, heading: string, line: string] {
  const follows = draft.kind === "follow";
  if (draft.state === "sent") {
    const photos = draft.refusedPhotos ? t(`；${draft.refusedPhotos} 张照片未被接受`, `; ${draft.refusedPhotos} photos were not taken`) : "";
    const line = follows ? t("办结时会告诉您。", "You will be told when it is settled.") : [draft.number, received].filter(Boolean).join(" · ") + photos;
    return ["ok", "check-circle", follows ? t("已跟进", "You follow it") : t("已上报", "Reported"), line];
  }
  if (draft.state === "refused") return ["late", "alert", t("未能跟进", "Could not be followed"), `${draft.problem?.title ?? ""} ${draft.problem?.detail ?? ""}`];
  if (sending) return ["", "send", t("正在发送…", "Sending…"), t("已存在手机上，不会丢失。", "Kept on this phone; nothing is lost.")];
  return ["paused", "cloud-off", t("已存入待发送", "Kept to be sent"), t("有网络时自动发送，只发一次。", "It is sent when the network is back, once.")];
}

function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  return document.getElementById(id) as E;
}
