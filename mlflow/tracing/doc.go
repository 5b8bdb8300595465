// Package tracing has the messages and routes of traces: what one request to an agent or to
// another program did, as a tree of timed spans, with the assessments of people and judges.
//
// Messages have the names and fields of MLflow's API. TraceInfo has everything about a
// trace except for its spans. Times are [Time] and [Duration] values, which are texts in
// JSON and have a resolution of a millisecond. A `required:"true"` tag marks a field that
// must not be absent or, for strings, empty.
package tracing
