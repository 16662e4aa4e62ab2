/**
 * What the phone keeps: the form being written, drafts waiting to be sent, and what the form needs without network.
 *
 * Everything belongs to a staff number. Photos are kept with their draft, in one transaction, flushed to disk.
 */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import { type Json, newKey, type ProblemBody } from "./api.ts";

export interface Photo {
  id: string;
  blob: Blob;
}

/** `refused`: the server did not take it; correct and send again. `sending` after a crash counts as `waiting`. */
export type DraftState = "waiting" | "sending" | "refused" | "sent";

export interface Draft {
  /** Also the Idempotency-Key of what is sent; photos get keys derived from it. */
  id: string;
  staff: string;
  kind: "report" | "follow" | "feedback";
  title: string;
  /** Where it goes: a report to all cases, the others to their case. */
  path: string;
  body: Json;
  /** When it happened, by the phone's clock in ms; put right by the server's clock with the first attempt. */
  occurred: number | null;
  photos: Photo[];
  photoCount: number;
  state: DraftState;
  /** Sent at least once without an answer: the server may have it, so it may not be changed any more. */
  attempted: boolean;
  /** The server took it; only photos may be missing. */
  accepted: boolean;
  number: string | null;
  problem: ProblemBody | null;
  refusedPhotos: number;
  created: number;
  /** What the form held, to go on writing after a refusal. */
  form: FormState | null;
}

export interface FormState {
  staff: string;
  fields: [name: string, value: string][];
  parties: Record<string, string>[];
  photos: Photo[];
  place: string | null;
  position: { lng: number; lat: number; accuracy: number } | null;
  taken: number | null;
  problem: ProblemBody | null;
}

export interface Place {
  code: string;
  name: string;
  level: string;
  near: number;
}

export interface Route {
  words: string;
  station: string;
}

export interface Kit {
  staff_no: string;
  name: string;
  home: string;
  route: Route;
  places: Place[];
}

interface Schema extends DBSchema {
  drafts: { key: string; value: Draft; indexes: { staff: string } };
  forms: { key: string; value: FormState };
  kits: { key: string; value: Kit };
}

const KEEP_SENT_MS = 7 * 24 * 3600_000;
const SAFE = { durability: "strict" } as const;
let opened: Promise<IDBPDatabase<Schema>> | null = null;

function db(): Promise<IDBPDatabase<Schema>> {
  opened ??= openDB<Schema>("gridgov", 1, {
    upgrade(made) {
      made.createObjectStore("drafts", { keyPath: "id" }).createIndex("staff", "staff");
      made.createObjectStore("forms", { keyPath: "staff" });
      made.createObjectStore("kits", { keyPath: "staff_no" });
    },
    blocking(_current, _blocked, event) {
      (event.target as IDBDatabase).close(); // a newer page wants to change the tables
      opened = null;
    },
    terminated() {
      opened = null;
    },
  });
  return opened;
}

const news = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("gridgov-outbox");
const listeners = new Set<() => void>();
news?.addEventListener("message", () => hear());

function hear(): void {
  for (const listener of listeners) listener();
}

function announce(): void {
  hear();
  news?.postMessage("changed");
}

/** Called after each change of the drafts, also by other tabs and the service worker. */
export function onDrafts(listener: () => void): void {
  listeners.add(listener);
}

/** The oldest first. */
export async function drafts(): Promise<Draft[]> {
  const found = await (await db()).getAll("drafts");
  return found.sort((a, b) => a.created - b.created);
}

export async function draft(id: string): Promise<Draft | undefined> {
  return (await db()).get("drafts", id);
}

export async function putDraft(changed: Draft): Promise<void> {
  const tx = (await db()).transaction("drafts", "readwrite", SAFE);
  await Promise.all([tx.store.put(changed), tx.done]);
  announce();
}

export async function dropDraft(id: string): Promise<void> {
  await (await db()).delete("drafts", id);
  announce();
}

/** The form becomes a draft: both or neither. */
export async function handIn(made: Draft): Promise<void> {
  const tx = (await db()).transaction(["drafts", "forms"], "readwrite", SAFE);
  await Promise.all([tx.objectStore("drafts").put(made), tx.objectStore("forms").delete(made.staff), tx.done]);
  announce();
}

type What = Pick<Draft, "staff" | "kind" | "title" | "path" | "body" | "number" | "photos">;

/** A draft that nobody has sent yet. */
export function newDraft(what: What, occurred: number | null = null, form: FormState | null = null): Draft {
  return {
    ...what,
    id: newKey(),
    occurred,
    photoCount: what.photos.length,
    state: "waiting",
    attempted: false,
    accepted: false,
    problem: null,
    refusedPhotos: 0,
    created: Date.now(),
    form,
  };
}

/** A refused draft becomes the form again; what was in the form is kept as a draft of its own by the caller. */
export async function takeBack(refused: Draft, form: FormState): Promise<void> {
  const tx = (await db()).transaction(["drafts", "forms"], "readwrite", SAFE);
  await Promise.all([tx.objectStore("drafts").delete(refused.id), tx.objectStore("forms").put(form), tx.done]);
  announce();
}

export async function keptForm(staff: string): Promise<FormState | undefined> {
  return (await db()).get("forms", staff);
}

export async function keepForm(form: FormState): Promise<void> {
  await (await db()).put("forms", form);
}

export async function dropForm(staff: string): Promise<void> {
  await (await db()).delete("forms", staff);
}

export async function keepKit(kit: Kit): Promise<void> {
  await (await db()).put("kits", kit);
}

export async function keptKit(staff: string): Promise<Kit | undefined> {
  return (await db()).get("kits", staff);
}

/** What was sent stays listed for a week. */
export async function forgetOld(now = Date.now()): Promise<void> {
  for (const each of await drafts()) {
    if (each.state === "sent" && each.created < now - KEEP_SENT_MS) await dropDraft(each.id);
  }
}
