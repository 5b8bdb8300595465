import { useMemo } from "react";
import { useIsDark } from "../../lib/browser/theme";
import type { PlotTheme } from "../../lib/plots/colour";

/** The page's colours as plain values, which canvases and files need; it changes with the theme. */
export function usePlotTheme(): PlotTheme {
  const dark = useIsDark();
  return useMemo(() => {
    const style = getComputedStyle(document.documentElement);
    const token = (name: string) => {
      const value = style.getPropertyValue(name).trim();
      const pair = /^light-dark\((.+?),(.+)\)$/.exec(value);
      return pair ? pair[dark ? 2 : 1]!.trim() : value;
    };
    return {
      dark,
      text: token("--text"),
      muted: token("--text-muted"),
      line: token("--line"),
      surface: token("--surface"),
      accent: token("--accent"),
      good: token("--ok"),
      bad: token("--danger"),
      font: token("--font").replace(/\s+/g, " "),
    };
  }, [dark]);
}
