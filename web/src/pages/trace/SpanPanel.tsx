import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { CopyButton } from "../../components/Copy";
import { JSONTree } from "../../components/json/JSONTree";
import { formatDateTime } from "../../lib/text/format";
import { attributeValue, formatNanos, type Span, typeClass } from "../../lib/traces/spans";
import type { PayloadForm } from "../../lib/view/traces";
import { Payload } from "./Payload";

/** The name, type and times of a span. */
export function SpanHead({ span, startNS }: { span: Span; startNS: number }) {
  const failed = span.status === "ERROR";
  return (
    <div className={`span-title ${typeClass(span.type)}`}>
      <span className="span-dot" aria-hidden="true" />
      <h2 className="truncate" title={span.name}>
        {span.name}
      </h2>
      {span.type && <span className="badge">{span.type}</span>}
      {failed && <span className="badge status failed">✕ Error</span>}
      <span className="muted number">
        {span.endNS === undefined ? "open" : formatNanos(span.endNS - span.startNS)}
        <span title={formatDateTime(span.startNS / 1e6)}> at +{formatNanos(span.startNS - startNS)}</span>
      </span>
      <CopyButton text={span.id} label="Copy span ID" />
    </div>
  );
}

interface ContentProps {
  span: Span;
  form: PayloadForm;
  choose: (form: PayloadForm) => void;
}

/** What went in and came out, and why the span failed. */
export function SpanContent({ span, form, choose }: ContentProps) {
  const { attributes = {}, status } = span.wire;
  const inputs = useMemo(() => attributeValue(attributes["mlflow.spanInputs"]), [attributes]);
  const outputs = useMemo(() => attributeValue(attributes["mlflow.spanOutputs"]), [attributes]);
  const failed = span.status === "ERROR";
  const none = (value: unknown) => value === undefined || value === null;
  return (
    <>
      {failed && (
        <div className="span-error" role="note">
          <strong>{status?.message || "This span failed."}</strong>
        </div>
      )}
      <Payload label="Inputs" value={inputs} form={form} choose={choose} />
      <Payload label="Outputs" value={outputs} form={form} choose={choose} />
      {none(inputs) && none(outputs) && (
        <p className="muted span-none">This span has no inputs and outputs. Its attributes may say more.</p>
      )}
    </>
  );
}

const shownElsewhere = new Set(["mlflow.spanInputs", "mlflow.spanOutputs"]);

export const attributeKeys = (span: Span) =>
  Object.keys(span.wire.attributes ?? {}).filter((key) => !shownElsewhere.has(key));

export function SpanAttributes({ span }: { span: Span }) {
  const keys = attributeKeys(span).sort();
  if (keys.length === 0) return <p className="muted span-none">None.</p>;
  return (
    <table className="table key-values">
      <tbody>
        {keys.map((key) => (
          <tr key={key}>
            <th scope="row" className="wrap">
              {key}
            </th>
            <td className="wrap">
              <Value value={attributeValue(span.wire.attributes?.[key])} label={key} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Value({ value, label }: { value: unknown; label: string }) {
  if (typeof value === "object" && value !== null) return <JSONTree value={value} label={label} />;
  return <span className="plain-text">{typeof value === "string" ? value : String(value)}</span>;
}

/** Events in their order; exceptions with their stack traces. */
export function SpanEvents({ span }: { span: Span }) {
  const events = span.wire.events ?? [];
  if (events.length === 0) return <p className="muted span-none">None.</p>;
  return events.map((event, i) => {
    const { "exception.stacktrace": stack, ...rest } = event.attributes ?? {};
    const at = event.time_unix_nano ?? event.timestamp;
    return (
      // biome-ignore lint/suspicious/noArrayIndexKey: the position identifies an event
      <section key={i} className="span-event">
        <h3>
          {event.name} {at !== undefined && <span className="muted">+{formatNanos(at - span.startNS)}</span>}
        </h3>
        <dl className="facts">
          {Object.entries(rest).map(([key, value]) => (
            <Fact key={key} label={key} value={value} />
          ))}
        </dl>
        {stack !== undefined && (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
          <pre className="stack-trace" tabIndex={0}>
            {String(stack)}
          </pre>
        )}
      </section>
    );
  });
}

function Fact({ label, value }: { label: string; value: unknown }) {
  return (
    <>
      <dt>{label}</dt>
      <dd>
        <Value value={value} label={label} />
      </dd>
    </>
  );
}

/** Other spans that this one names. */
export function SpanLinks({ span, experimentID }: { span: Span; experimentID: string }) {
  const links = span.wire.links ?? [];
  if (links.length === 0) return <p className="muted span-none">None.</p>;
  return (
    <table className="table key-values">
      <tbody>
        {links.map((link, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the position identifies a link
          <tr key={i}>
            <th scope="row" className="wrap">
              <Link
                to="/experiments/$experimentID/traces/$traceID"
                params={{ experimentID, traceID: link.trace_id }}
                search={{ span: link.span_id } as never}
              >
                {link.trace_id}
              </Link>
            </th>
            <td>
              <code>{link.span_id}</code>
              {link.attributes && Object.keys(link.attributes).length > 0 && (
                <JSONTree value={link.attributes} label="attributes" />
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
