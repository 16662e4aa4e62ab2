/** Reads when and where a photo was taken from its EXIF block (Exif 3.0, TIFF 6.0); shrinking drops that block. */
export interface Taken {
  /** ms since 1970; null when the camera did not say. */
  at: number | null;
  position: { lng: number; lat: number } | null;
}

const NOTHING: Taken = { at: null, position: null };
const EXIF_IFD = 0x8769;
const GPS_IFD = 0x8825;
const TAKEN_AT = 0x9003;
const OFFSET = 0x9011;
const SIZES: Record<number, number> = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 9: 4, 10: 8 };

/** `content`: the beginning of a JPEG file. Anything that is not as it should be gives nothing. */
export function readExif(content: ArrayBuffer): Taken {
  try {
    const start = tiffStart(new DataView(content));
    return start === null ? NOTHING : taken(new Tiff(content, start));
  } catch {
    return NOTHING; // cut off or broken: the photo is kept all the same
  }
}

/** Where the TIFF part begins: after the marker APP1 and "Exif\0\0". */
function tiffStart(view: DataView): number | null {
  if (view.getUint16(0) !== 0xffd8) return null;
  for (let at = 2; view.getUint8(at) === 0xff; at += 2 + view.getUint16(at + 2)) {
    const marker = view.getUint8(at + 1);
    if (marker === 0xe1 && view.getUint32(at + 4) === 0x45786966) return at + 10;
    if (marker === 0xda) return null;
  }
  return null;
}

function taken(tiff: Tiff): Taken {
  const root = tiff.directory(tiff.long(4));
  const exif = tiff.directory(root.get(EXIF_IFD)?.[0]);
  const gps = tiff.directory(root.get(GPS_IFD)?.[0]);
  return { at: moment(exif.get(TAKEN_AT)?.[0], exif.get(OFFSET)?.[0]), position: position(gps) };
}

type Value = string | number;
type Directory = Map<number, Value[]>;

class Tiff {
  private readonly view: DataView;
  private readonly little: boolean;

  constructor(content: ArrayBuffer, start: number) {
    this.view = new DataView(content, start);
    this.little = this.view.getUint16(0) === 0x4949;
  }

  long(at: number): number {
    return this.view.getUint32(at, this.little);
  }

  directory(at: Value | undefined): Directory {
    const found: Directory = new Map();
    if (typeof at !== "number") return found;
    const count = this.view.getUint16(at, this.little);
    for (let index = 0; index < count; index++) {
      const entry = at + 2 + index * 12;
      found.set(this.view.getUint16(entry, this.little), this.values(entry));
    }
    return found;
  }

  private values(entry: number): Value[] {
    const type = this.view.getUint16(entry + 2, this.little);
    const count = Math.min(this.long(entry + 4), 64);
    const size = SIZES[type] ?? 1;
    const at = size * count > 4 ? this.long(entry + 8) : entry + 8;
    if (type === 2) return [this.text(at, count)];
    return Array.from({ length: count }, (_, index) => this.number(type, at + index * size));
  }

  private number(type: number, at: number): number {
    if (type === 3) return this.view.getUint16(at, this.little);
    if (type === 5 || type === 10) return this.long(at) / this.long(at + 4);
    return type === 4 || type === 9 ? this.long(at) : this.view.getUint8(at);
  }

  private text(at: number, count: number): string {
    return Array.from({ length: count }, (_, index) => String.fromCharCode(this.view.getUint8(at + index)))
      .join("")
      .replace(/\0.*$/, "");
  }
}

/** "2026:11:24 08:30:00", by the offset when the camera gave one, else by the phone's own zone. */
function moment(text: Value | undefined, offset: Value | undefined): number | null {
  const parts = /^(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)/.exec(String(text ?? ""));
  if (!parts) return null;
  const zone = /^[+-]\d\d:\d\d$/.test(String(offset ?? "")) ? String(offset) : "";
  const at = Date.parse(`${parts[1]}-${parts[2]}-${parts[3]}T${parts[4]}${zone}`);
  return Number.isNaN(at) ? null : at;
}

function position(gps: Directory): Taken["position"] {
  const lat = degrees(gps.get(2), gps.get(1)?.[0] === "S");
  const lng = degrees(gps.get(4), gps.get(3)?.[0] === "W");
  return lat === null || lng === null || (lat === 0 && lng === 0) ? null : { lng, lat };
}

function degrees(values: Value[] | undefined, negative: boolean): number | null {
  const [whole, minutes, seconds] = (values ?? []).map(Number);
  if (whole === undefined || minutes === undefined || seconds === undefined) return null;
  const sum = whole + minutes / 60 + seconds / 3600;
  return Number.isFinite(sum) ? (negative ? -sum : sum) : null;
}
