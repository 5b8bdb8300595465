// Package mlflow is MLflow's REST contract in Go: one struct for each message,
// one [Endpoint] for each route, and a [Client] that calls them. The Millrace
// server decodes and answers with the very same types.
//
// Times are Unix milliseconds unless a name says otherwise. Fields are spelled
// as in the API's JSON. A `required:"true"` tag marks a field that the server
// refuses to miss (for strings: to be empty); `path:"..."` marks one that is
// taken from the URL.
package mlflow

// Endpoint is one route of the API. Path is relative to /api/ (clients) and
// /ajax-api/ (web pages); {name} stands for the field tagged path:"name".
type Endpoint[Req, Resp any] struct {
	Method string
	Path   string
}

// Empty is a message without fields, {} in JSON.
type Empty struct{}

// Version is the release of MLflow whose API and formats this package follows.
const Version = "3.17.2"
