import { useEffect, useId, useState } from "react";
import type { MediaSize, MediaView } from "../../lib/view/media";
import { Icon } from "../Icon";
import { SearchField } from "../SearchField";

interface MediaToolbarProps {
  /** The steps that have a file, in order. */
  steps: readonly number[];
  step: number;
  view: MediaView;
  change: (part: Partial<MediaView>, how?: "push" | "replace") => void;
}

const sizes: [MediaSize, string][] = [
  ["small", "S"],
  ["medium", "M"],
  ["large", "L"],
];
const framePeriodMS = 500;

/** One slider for all files: it goes from step to step that has one. */
export function MediaToolbar({ steps, step, view, change }: MediaToolbarProps) {
  const id = useId();
  const [playing, setPlaying] = useState(false);
  const after = steps.findIndex((s) => s > step);
  const at = after < 0 ? steps.length - 1 : Math.max(0, after - 1);
  // The last step is that of the newest file, whatever is logged later.
  const go = (index: number) =>
    change({ step: index >= steps.length - 1 ? undefined : steps[index] }, "replace");
  useEffect(() => {
    if (!playing) return;
    const timer = setTimeout(() => {
      const next = (at + 1) % steps.length;
      change({ step: next === steps.length - 1 ? undefined : steps[next] }, "replace");
    }, framePeriodMS);
    return () => clearTimeout(timer);
  }, [playing, at, steps, change]);
  return (
    <div className="toolbar media-toolbar">
      <button
        type="button"
        className="icon-button"
        aria-label={playing ? "Pause" : "Play the steps"}
        title={playing ? "Pause" : "Play the steps"}
        disabled={steps.length < 2}
        onClick={() => setPlaying(!playing)}
      >
        <Icon name={playing ? "pause" : "play"} />
      </button>
      <label htmlFor={id}>Step</label>
      <input
        id={id}
        type="range"
        min={0}
        max={steps.length - 1}
        value={at}
        disabled={steps.length < 2}
        aria-valuetext={`step ${steps[at]}`}
        onChange={(e) => go(Number(e.target.value))}
      />
      <output htmlFor={id} className="number media-step">
        {steps[at]?.toLocaleString("en-US")}
      </output>
      <SearchField
        label="Search keys"
        placeholder="Search keys"
        value={view.text}
        onChange={(text) => change({ text }, "replace")}
      />
      <fieldset className="segmented">
        <legend className="visually-hidden">Size</legend>
        {sizes.map(([size, label]) => (
          <button
            key={size}
            type="button"
            aria-pressed={view.size === size}
            aria-label={`${size} cells`}
            title={`${size} cells`}
            onClick={() => change({ size }, "replace")}
          >
            {label}
          </button>
        ))}
      </fieldset>
    </div>
  );
}
