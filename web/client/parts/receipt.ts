/** What the citizen keeps of a report: number, code and a QR code, as a picture, on paper, or in the clipboard. */
import { toast } from "./toasts.ts";
import { t } from "./words.ts";

export interface Receipt {
  number: string;
  code: string;
  track: string;
  qr: string;
}

const WIDTH = 720;
const HEIGHT = 960;
const QR = 480;

export function showReceipt(root: HTMLElement, receipt: Receipt): void {
  const set = (name: string, text: string) => {
    const place = root.querySelector(`[data-${name}]`);
    if (place) place.textContent = text;
  };
  set("number", receipt.number);
  set("code", receipt.code);
  root.querySelector<HTMLImageElement>("[data-qr]")?.setAttribute("src", receipt.qr);
  root.querySelector<HTMLAnchorElement>("[data-track]")?.setAttribute("href", receipt.track);
  root.querySelector("[data-save]")?.addEventListener("click", () => void save(receipt));
  root.querySelector("[data-print]")?.addEventListener("click", () => print());
  root.querySelector("[data-copy]")?.addEventListener("click", () => void copy(receipt));
  root.hidden = false;
  root.focus();
  scrollTo(0, 0);
}

async function copy(receipt: Receipt): Promise<void> {
  const number = t(`编号 ${receipt.number}`, `Number ${receipt.number}`);
  const code = t(`查询码 ${receipt.code}`, `Code ${receipt.code}`);
  try {
    await navigator.clipboard.writeText(`${number}\n${code}\n${receipt.track}`);
    toast(t("已复制编号、查询码和链接", "Number, code and link are copied"));
  } catch {
    toast(t("无法复制，请保存为图片", "It cannot be copied; save it as a picture"));
  }
}

async function save(receipt: Receipt): Promise<void> {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const brush = canvas.getContext("2d");
  if (!brush) return print();
  brush.fillStyle = "#fff";
  brush.fillRect(0, 0, WIDTH, HEIGHT);
  brush.drawImage(await picture(receipt.qr), (WIDTH - QR) / 2, 140, QR, QR);
  const font = getComputedStyle(document.body).fontFamily;
  write(brush, t("扫一扫查看办理进度", "Scan to see how it goes"), 90, `600 40px ${font}`);
  write(brush, t("编号", "Number"), 690, `32px ${font}`);
  write(brush, receipt.number, 740, `600 44px ${font}`);
  write(brush, t("查询码", "Code"), 830, `32px ${font}`);
  write(brush, receipt.code, 880, `600 44px ${font}`);
  const link = document.createElement("a");
  link.href = canvas.toDataURL("image/png");
  link.download = `${receipt.number}.png`;
  link.click();
}

function write(brush: CanvasRenderingContext2D, text: string, y: number, font: string): void {
  brush.fillStyle = "#15191e";
  brush.font = font;
  brush.textAlign = "center";
  brush.fillText(text, WIDTH / 2, y);
}

async function picture(source: string): Promise<HTMLImageElement> {
  const image = new Image(QR, QR);
  image.src = source;
  await image.decode();
  return image;
}
