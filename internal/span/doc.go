// Package span has the spans of traces as MLflow stores them: the JSON text in the column
// spans.content and in the file traces.json, and what MLflow reads from their attributes.
package span
