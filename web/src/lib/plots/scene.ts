// A drawing as data. Screens draw it on a canvas, whatever the number of marks; files get it as SVG.

interface Paint {
  fill?: string;
  stroke?: string;
  width?: number;
  dash?: readonly number[];
  alpha?: number;
}

export interface CircleShape extends Paint {
  kind: "circle";
  x: number;
  y: number;
  r: number;
}

export interface RectShape extends Paint {
  kind: "rect";
  x: number;
  y: number;
  w: number;
  h: number;
}

/** x0, y0, x1, y1 and so on. */
export interface LineShape extends Paint {
  kind: "line";
  points: readonly number[];
}

export interface TextShape {
  kind: "text";
  x: number;
  y: number;
  text: string;
  fill: string;
  anchor?: "start" | "middle" | "end";
  baseline?: "top" | "middle" | "bottom";
  /** Degrees, clockwise. */
  rotate?: number;
  bold?: boolean;
}

export type Shape = CircleShape | RectShape | LineShape | TextShape;

export interface Scene {
  width: number;
  height: number;
  shapes: readonly Shape[];
}

export const fontSize = 11;

/** An estimate: scenes are made where no text can be measured. */
export function textWidth(text: string): number {
  let width = 0;
  for (const char of text) width += char > "\u2e80" ? fontSize : fontSize * 0.56;
  return width;
}

/** Shortens a text to a width from its middle: names differ at both of their ends. */
export function fitText(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  const chars = [...text];
  let keep = Math.max(1, Math.floor(width / (fontSize * 0.56)) - 1);
  for (; keep > 1; keep--) {
    const cut = `${chars.slice(0, Math.ceil(keep / 2)).join("")}…${chars.slice(chars.length - Math.floor(keep / 2)).join("")}`;
    if (textWidth(cut) <= width) return cut;
  }
  return `${chars[0]}…`;
}

export function drawScene(context: CanvasRenderingContext2D, shapes: readonly Shape[], font: string) {
  for (const shape of shapes) {
    if (shape.kind === "text") drawText(context, shape, font);
    else drawMark(context, shape);
  }
}

function drawText(context: CanvasRenderingContext2D, shape: TextShape, font: string) {
  const { x, y, text, fill, anchor = "start", baseline = "middle", rotate = 0, bold } = shape;
  context.save();
  context.translate(x, y);
  context.rotate((rotate * Math.PI) / 180);
  context.font = `${bold ? "600 " : ""}${fontSize}px ${font}`;
  context.fillStyle = fill;
  context.textAlign = anchor === "middle" ? "center" : anchor;
  context.textBaseline = baseline;
  context.fillText(text, 0, 0);
  context.restore();
}

function drawMark(context: CanvasRenderingContext2D, shape: CircleShape | RectShape | LineShape) {
  const { fill, stroke, width = 1, dash, alpha = 1 } = shape;
  context.globalAlpha = alpha;
  context.beginPath();
  if (shape.kind === "circle") context.arc(shape.x, shape.y, shape.r, 0, 2 * Math.PI);
  else if (shape.kind === "rect") context.rect(shape.x, shape.y, shape.w, shape.h);
  else {
    const { points } = shape;
    for (let i = 0; i < points.length; i += 2) context.lineTo(points[i]!, points[i + 1]!);
  }
  if (fill) {
    context.fillStyle = fill;
    context.fill();
  }
  if (stroke) {
    context.strokeStyle = stroke;
    context.lineWidth = width;
    context.setLineDash(dash ? [...dash] : []);
    context.stroke();
  }
  context.globalAlpha = 1;
}

/** The scene as an SVG file on a background. */
export function sceneSVG(scene: Scene, background: string, font: string): string {
  const { width, height, shapes } = scene;
  const family = escapeXML(font);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`,
    ` font-family="${family}" font-size="${fontSize}">`,
    `<rect width="${width}" height="${height}" fill="${background}"/>`,
    ...shapes.map(shapeSVG),
    "</svg>\n",
  ].join("");
}

function shapeSVG(shape: Shape): string {
  if (shape.kind === "text") return textSVG(shape);
  const paint = paintSVG(shape);
  if (shape.kind === "circle")
    return `<circle cx="${n(shape.x)}" cy="${n(shape.y)}" r="${n(shape.r)}"${paint}/>`;
  if (shape.kind === "rect") {
    return `<rect x="${n(shape.x)}" y="${n(shape.y)}" width="${n(shape.w)}" height="${n(shape.h)}"${paint}/>`;
  }
  const { points } = shape;
  const pairs: string[] = [];
  for (let i = 0; i < points.length; i += 2) pairs.push(`${n(points[i]!)},${n(points[i + 1]!)}`);
  return `<polyline points="${pairs.join(" ")}"${paint}/>`;
}

function paintSVG({ fill = "none", stroke, width = 1, dash, alpha = 1 }: Paint): string {
  const line = stroke ? ` stroke="${stroke}" stroke-width="${width}"` : "";
  const dashes = dash?.length ? ` stroke-dasharray="${dash.join(" ")}"` : "";
  return ` fill="${fill}"${line}${dashes}${alpha < 1 ? ` opacity="${n(alpha)}"` : ""}`;
}

const baselines = { top: "hanging", middle: "central", bottom: "text-after-edge" };

function textSVG({
  x,
  y,
  text,
  fill,
  anchor = "start",
  baseline = "middle",
  rotate,
  bold,
}: TextShape): string {
  const turn = rotate ? ` transform="rotate(${rotate} ${n(x)} ${n(y)})"` : "";
  const weight = bold ? ' font-weight="600"' : "";
  const place = `x="${n(x)}" y="${n(y)}" text-anchor="${anchor}" dominant-baseline="${baselines[baseline]}"`;
  return `<text ${place} fill="${fill}"${weight}${turn}>${escapeXML(text)}</text>`;
}

const n = (value: number) => String(Number(value.toFixed(2)));

function escapeXML(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML has no way to write these
  const legal = text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "\ufffd");
  return legal.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
