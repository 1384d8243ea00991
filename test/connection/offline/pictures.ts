/** Pictures for tests, drawn here. */
import { createRequire } from "node:module";
import { Resvg } from "@resvg/resvg-js";

const fontFile = createRequire(import.meta.url).resolve("dejavu-fonts-ttf/ttf/DejaVuSans.ttf");

/** A PNG of an SVG's content. */
export function draw(width: number, height: number, content: string): Buffer {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${content}</svg>`;
  const font = { loadSystemFonts: false, fontFiles: [fontFile], defaultFontFamily: "DejaVu Sans" };
  return new Resvg(svg, { font }).render().asPng();
}

export const invoiceLines = [
  "Acme Lamps Ltd, 12 Harbour Street",
  "Invoice number 20417",
  "Date: 3 November 2026",
  "Green lamp 99.00",
  "Delivery 4.90",
  "Total due: EUR 103.90",
  "Please pay by 30 November 2026.",
];

export function drawInvoice(): Buffer {
  const lines = invoiceLines.map(
    (line, index) => `<text x="40" y="${140 + index * 60}" font-size="26">${line}</text>`,
  );
  const ground = '<rect width="900" height="600" fill="#fff"/><rect width="900" height="70" fill="#143278"/>';
  return draw(900, 600, ground + lines.join(""));
}

export function dataUrl(bytes: Uint8Array, type = "image/png"): string {
  return `data:${type};base64,${Buffer.from(bytes).toString("base64")}`;
}
