import { Link } from "@tanstack/react-router";
import { usePreferences } from "../lib/browser/preferences";
import { keyMap } from "../lib/text/keys";
import { Dialog } from "./Dialog";

const examples: [string, string][] = [
  ["resnet50", "Words are looked for in the names of runs"],
  ["metrics.`val/loss` < 0.3", "Keys with a slash, space or dash go in backticks"],
  ["params.optimizer = 'adam'", "Parameters and tags are text: quote the value"],
  ["params.model LIKE 'res%'", "ILIKE does the same in any case"],
  ["tags.stage IS NOT NULL", "Runs that have a tag"],
  ["attributes.status = 'FAILED'", "Also run_name, user_id, start_time, end_time"],
  ["metrics.f1 > 0.9 AND params.C = '1.0'", "Clauses are joined by AND"],
];

/** "j  ↓" is either of two keys, and "g e" one after the other. */
export function Keys({ text }: { text: string }) {
  return text.split("  ").map((combination) => (
    <span key={combination} className="key-combination">
      {combination.split(" ").map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </span>
  ));
}

export function HelpDialog({ onClose }: { onClose: () => void }) {
  const { singleKeys } = usePreferences();
  return (
    <Dialog title="Keyboard and filters" onClose={onClose} wide>
      <div>
        <div className="key-groups">
          {!singleKeys && (
            <p className="notice">
              Single keys are turned off in the <Link to="/settings">settings</Link>.
            </p>
          )}
          {keyMap.map(({ title, keys }) => (
            <section key={title}>
              <h3>{title}</h3>
              <dl className="keys">
                {keys.map(([combination, meaning]) => (
                  <div key={combination + meaning}>
                    <dt>
                      <Keys text={combination} />
                    </dt>
                    <dd>{meaning}</dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
        </div>
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
      <div className="dialog-actions sticky">
        <button type="button" className="button primary" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
