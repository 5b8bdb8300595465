import { Dialog } from "./Dialog";

const shortcuts: [string, string][] = [
  ["/", "Go to the filter or search box"],
  ["j  k", "Next, previous row or file"],
  ["x", "Select the row"],
  ["Enter", "Open the row, or the menu of a cell"],
  ["← →", "Fold, unfold a folder or parent run, go to its cells"],
  ["↓", "On a column's title: its menu"],
  ["r", "Refresh now"],
  ["Ctrl K", "Search experiments, runs, models, pages and actions"],
  ["?", "This help"],
  ["Esc", "Close a dialog or list"],
];

const examples: [string, string][] = [
  ["resnet50", "Words are looked for in the names of runs"],
  ["metrics.`val/loss` < 0.3", "Keys with a slash, space or dash go in backticks"],
  ["params.optimizer = 'adam'", "Parameters and tags are text: quote the value"],
  ["params.model LIKE 'res%'", "ILIKE does the same in any case"],
  ["tags.stage IS NOT NULL", "Runs that have a tag"],
  ["attributes.status = 'FAILED'", "Also run_name, user_id, start_time, end_time"],
  ["metrics.f1 > 0.9 AND params.C = '1.0'", "Clauses are joined by AND"],
];

export function HelpDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard and filters" onClose={onClose} wide>
      <div className="help-columns">
        <section>
          <h3>Keyboard</h3>
          <dl className="keys">
            {shortcuts.map(([keys, meaning]) => (
              <div key={keys}>
                <dt>
                  {keys.split("  ").map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dt>
                <dd>{meaning}</dd>
              </div>
            ))}
          </dl>
        </section>
        <section>
          <h3>Run filters</h3>
          <dl className="examples">
            {examples.map(([code, meaning]) => (
              <div key={code}>
                <dt>
                  <code>{code}</code>
                </dt>
                <dd>{meaning}</dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
      <div className="dialog-actions">
        <button type="button" className="button primary" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
