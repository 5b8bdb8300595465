import {
  type KeyboardEvent,
  type PointerEvent,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { blobOf, type Cell } from "../../lib/export";
import type { PlotTheme } from "../../lib/plots/colour";
import type { Plot, PlotSize } from "../../lib/plots/plot";
import { drawScene, type Shape, sceneSVG } from "../../lib/plots/scene";
import { usePlotExports } from "./exportContext";
import { KeyView } from "./KeyView";
import { PlotTooltip } from "./PlotTooltip";
import { usePlotTheme } from "./usePlotTheme";
import "./plots.css";

interface PlotCanvasProps<P extends Plot> {
  /** Lays the plot out. Its identity changes when its data do. */
  layOut: (size: PlotSize, theme: PlotTheme) => P;
  height: number;
  /** What the plot shows, for people who cannot see it. */
  label: string;
  /** The data as a table with a header, for files and for readers. */
  rows: () => (readonly Cell[])[];
  focusID?: string | undefined;
  onPick?: ((ids: readonly string[]) => void) | undefined;
  onHover?: ((ids: readonly string[] | undefined) => void) | undefined;
  /** Sees pointers first; returns true for those it keeps, such as the ones that drag a brush. */
  onPointer?: (plot: P, event: PointerEvent<HTMLElement>, x: number, y: number) => boolean;
}

/** Draws a plot on a canvas, with a tooltip, and moves through its marks by pointer and arrow keys. */
export function PlotCanvas<P extends Plot>(props: PlotCanvasProps<P>) {
  const { layOut, height, label, rows, focusID, onPick, onHover, onPointer } = props;
  const host = useRef<HTMLDivElement>(null);
  const base = useRef<HTMLCanvasElement>(null);
  const front = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [active, setActive] = useState<number>();
  const theme = usePlotTheme();

  useLayoutEffect(() => {
    const element = host.current!;
    // A hidden plot keeps its size.
    const measure = () => element.clientWidth > 0 && setWidth(element.clientWidth);
    const observer = new ResizeObserver(measure);
    measure();
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const plot = useMemo(
    () => (width > 0 ? layOut({ width, height }, theme) : undefined),
    [layOut, width, height, theme],
  );
  const shown = active !== undefined && plot && active < plot.marks.length ? active : undefined;
  const fromOutside = useMemo(
    () => (focusID === undefined ? -1 : (plot?.marks.findIndex(({ ids }) => ids.includes(focusID)) ?? -1)),
    [plot, focusID],
  );

  useLayoutEffect(() => {
    if (plot && base.current) paint(base.current, plot, plot.shapes, theme);
  }, [plot, theme]);
  useLayoutEffect(() => {
    if (!plot || !front.current) return;
    const raised = shown ?? (fromOutside >= 0 ? fromOutside : undefined);
    paint(front.current, plot, raised === undefined ? [] : plot.raise(raised), theme);
  }, [plot, theme, shown, fromOutside]);

  const tell = useRef(onHover);
  tell.current = onHover;
  useEffect(() => tell.current?.(shown === undefined ? undefined : plot?.marks[shown]?.ids), [shown, plot]);

  const exports = useMemo(
    () =>
      plot && {
        svg: () => sceneSVG(plot, theme.surface, theme.font),
        png: () => picture(plot, theme),
        rows,
      },
    [plot, theme, rows],
  );
  usePlotExports(plot?.empty ? undefined : exports);

  const point = (event: PointerEvent<HTMLElement>) => {
    if (!plot) return;
    const box = host.current!.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    setActive(onPointer?.(plot, event, x, y) ? undefined : plot.hit(x, y));
  };
  const pick = (mark: number | undefined) => {
    if (mark !== undefined && plot) onPick?.(plot.marks[mark]!.ids);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!plot || plot.marks.length === 0) return;
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      const from = shown ?? (step > 0 ? -1 : 0);
      setActive((from + step + plot.marks.length) % plot.marks.length);
    } else if (event.key === "Enter" && shown !== undefined) pick(shown);
    else if (event.key === "Escape" && shown !== undefined) setActive(undefined);
    else return;
    event.stopPropagation();
  };

  if (plot?.empty) {
    return (
      <div ref={host} className="plot">
        <p className="plot-empty muted">{plot.empty}</p>
      </div>
    );
  }
  return (
    <div className="plot-box">
      <div
        ref={host}
        className={onPick && shown !== undefined ? "plot pickable" : "plot"}
        role="application"
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys walk through the marks
        tabIndex={0}
        style={{ height }}
        onPointerDown={point}
        onPointerMove={point}
        onPointerUp={point}
        onPointerLeave={() => setActive(undefined)}
        onBlur={() => setActive(undefined)}
        onClick={() => pick(shown)}
        onKeyDown={onKeyDown}
      >
        <div aria-hidden="true">
          <canvas ref={base} />
          <canvas ref={front} />
        </div>
        {plot && shown !== undefined && (
          <PlotTooltip
            plot={plot}
            mark={shown}
            pick={onPick !== undefined && plot.marks[shown]!.ids.length === 1}
          />
        )}
      </div>
      {plot && <KeyView plot={plot} />}
    </div>
  );
}

function paint(
  canvas: HTMLCanvasElement,
  { width, height }: PlotSize,
  shapes: readonly Shape[],
  theme: PlotTheme,
) {
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  if (!context) return;
  context.scale(ratio, ratio);
  context.lineJoin = "round";
  drawScene(context, shapes, theme.font);
}

/** Twice the size on screen, so that it is sharp in documents. */
function picture(plot: Plot, theme: PlotTheme): Promise<Blob> {
  const canvas = document.createElement("canvas");
  canvas.width = plot.width * 2;
  canvas.height = plot.height * 2;
  const context = canvas.getContext("2d");
  if (!context) return Promise.reject(new Error("The browser gives no canvas."));
  context.scale(2, 2);
  context.fillStyle = theme.surface;
  context.fillRect(0, 0, plot.width, plot.height);
  drawScene(context, plot.shapes, theme.font);
  return blobOf(canvas);
}
