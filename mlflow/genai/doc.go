// Package genai has the messages and routes with which generative applications are
// evaluated: datasets of examples, scorers, and the schemas of labels that people give.
//
// Messages have the names and fields of MLflow's API. Times are Unix milliseconds. Some
// fields are texts that hold JSON, as their comments say. A `required:"true"` tag marks a
// field that must not be absent or, for strings, empty.
package genai
