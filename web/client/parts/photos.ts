/** Photos: made small on the phone before they are kept, shown as a strip, removed again. */
import { newKey } from "./api.ts";
import { el, icon } from "./dialogs.ts";
import { readExif, type Taken } from "./exif.ts";
import type { Photo } from "./phone_store.ts";
import { t } from "./words.ts";

const LONGEST_SIDE = 1600;
const QUALITY = 0.82;
const EXIF_BYTES = 256 * 1024;
export const MOST_PHOTOS = 9;

/** A JPEG of at most 1600 pixels a side, upright. Throws when the file is no picture that this browser can read. */
async function shrink(file: Blob): Promise<Blob> {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const brush = canvas.getContext("2d");
  if (!brush) throw new Error("no canvas");
  brush.fillStyle = "#fff"; // what is transparent would turn black in a JPEG
  brush.fillRect(0, 0, canvas.width, canvas.height);
  brush.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  if (!blob) throw new Error("no JPEG");
  return blob;
}

export interface Strip {
  photos: () => Photo[];
  show: (photos: Photo[]) => void;
  /** When those just chosen are made small and in the strip. */
  ready: () => Promise<void>;
}

/**
 * The strip of photos of a form: `root` holds the file inputs, a list and a line for errors; `data-most`: how many.
 *
 * `changed` hears of every photo added (with when and where it was taken) or removed.
 */
export function photoStrip(root: HTMLElement, changed: (taken: Taken | null) => void): Strip {
  const list = root.querySelector<HTMLElement>(".photo-strip");
  const error = root.querySelector<HTMLElement>(".error");
  const most = Number(root.dataset.most) || MOST_PHOTOS;
  let photos: Photo[] = [];
  let work = Promise.resolve();

  function show(next: Photo[]): void {
    photos = next;
    for (const image of list?.querySelectorAll("img") ?? []) URL.revokeObjectURL(image.src);
    list?.replaceChildren(...photos.map((photo, index) => thumbnail(photo, index)));
    if (list) list.hidden = photos.length === 0;
    root.classList.toggle("has-photos", photos.length > 0);
  }

  function thumbnail(photo: Photo, index: number): HTMLElement {
    const name = t(`照片 ${index + 1}`, `Photo ${index + 1}`);
    const remove = el("button", { type: "button", class: "photo-remove", "aria-label": t(`删除${name}`, `Remove ${name.toLowerCase()}`) }, icon("x"));
    remove.addEventListener("click", () => {
      show(photos.filter((each) => each.id !== photo.id));
      changed(null);
    });
    return el("li", {}, el("img", { src: URL.createObjectURL(photo.blob), alt: name }), remove);
  }

  async function add(files: File[]): Promise<void> {
    if (error) error.hidden = true;
    for (const file of files) {
      if (photos.length >= most) return tell(t(`最多 ${most} 张照片。`, `At most ${most} photos.`));
      try {
        const taken = readExif(await file.slice(0, EXIF_BYTES).arrayBuffer());
        const blob = await shrink(file);
        show([...photos, { id: `photo-${newKey().slice(0, 8)}`, blob }]);
        changed(taken);
      } catch {
        tell(t(`“${file.name}” 不是能读取的图片，请换一张。`, `“${file.name}” is not a picture that can be read; choose another.`));
      }
    }
  }

  function tell(text: string): void {
    if (!error) return;
    error.textContent = text;
    error.hidden = false;
  }

  for (const input of root.querySelectorAll<HTMLInputElement>("input[type=file]")) {
    input.addEventListener("change", () => {
      const files = [...(input.files ?? [])];
      input.value = ""; // the same photo can be chosen again
      work = work.then(() => add(files));
    });
  }
  return { photos: () => photos, show, ready: () => work };
}

/** As the files `photos` of a body. */
export function appendPhotos(body: FormData, photos: readonly { blob: Blob }[]): void {
  for (const [index, photo] of photos.entries()) body.append("photos", photo.blob, `${index + 1}.jpg`);
}
