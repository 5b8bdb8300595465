/** The properties that decide how SVG looks; a copy outside the page has no style sheet. */
const kept = [
  ...["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "opacity"],
  ...["font-family", "font-size", "font-weight", "text-anchor", "dominant-baseline"],
];

/** An SVG element as a file of its own, with the styles that the page gives it. */
export function svgOf(element: SVGSVGElement): string {
  const copy = element.cloneNode(true) as SVGSVGElement;
  const box = element.getBoundingClientRect();
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", String(box.width));
  copy.setAttribute("height", String(box.height));
  const originals = [element, ...element.querySelectorAll<SVGElement>("*")];
  const copies = [copy, ...copy.querySelectorAll<SVGElement>("*")];
  copies.forEach((target, i) => {
    const style = getComputedStyle(originals[i]!);
    for (const name of kept) target.style.setProperty(name, style.getPropertyValue(name));
  });
  return new XMLSerializer().serializeToString(copy);
}

/** A PNG file of what an element shows, on the colour of the page's surface. */
export async function pngOf(source: SVGSVGElement | HTMLCanvasElement): Promise<Blob> {
  const box = source.getBoundingClientRect();
  const canvas = document.createElement("canvas");
  const isCanvas = source instanceof HTMLCanvasElement;
  canvas.width = isCanvas ? source.width : Math.round(box.width * 2);
  canvas.height = isCanvas ? source.height : Math.round(box.height * 2);
  const context = canvas.getContext("2d");
  if (!context || canvas.width === 0 || canvas.height === 0) throw new Error("There is nothing to draw.");
  context.fillStyle = backgroundOf(source);
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(isCanvas ? source : await load(svgOf(source)), 0, 0, canvas.width, canvas.height);
  return blobOf(canvas);
}

/** What a canvas shows as a PNG file. */
export function blobOf(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) =>
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error("The picture is too large."))),
      "image/png",
    ),
  );
}

/** The first opaque background behind an element. */
function backgroundOf(element: Element): string {
  for (let at: Element | null = element; at; at = at.parentElement) {
    const color = getComputedStyle(at).backgroundColor;
    if (color !== "rgba(0, 0, 0, 0)" && color !== "transparent") return color;
  }
  return "#ffffff";
}

async function load(svg: string): Promise<HTMLImageElement> {
  const url = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    return image;
  } finally {
    URL.revokeObjectURL(url);
  }
}
