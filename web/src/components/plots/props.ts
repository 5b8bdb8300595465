/** What all plots take beside their data. */
export interface PlotProps {
  /** What the plot shows, for people who cannot see it; has a good default. */
  label?: string | undefined;
  height?: number | undefined;
  /** The item to bring forward. */
  focusID?: string | undefined;
  /** Called with the items of a mark that is clicked, or chosen by Enter. */
  onPick?: ((ids: readonly string[]) => void) | undefined;
  onHover?: ((ids: readonly string[] | undefined) => void) | undefined;
}
