// Package otlp reads the requests by which OpenTelemetry exports spans over HTTP, as
// protobuf and as JSON.
//
// Values of attributes are read as the JSON that MLflow stores for them. The kind of a span,
// its scope, its state and the numbers of dropped items are not kept.
package otlp

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/internal/span"
)

// maxDepth is the most lists and maps around a value.
const maxDepth = 64

// ErrFormat is the error of a body that is not a request.
var ErrFormat = errors.New("Invalid OpenTelemetry format") //nolint:staticcheck // It is the message of MLflow.

// ErrID is the error of a span without an id.
var ErrID = errors.New("a span has no trace_id or no span_id")

// serviceName is the attribute of a resource with the name of the program.
const serviceName = "service.name"

// namedServices are the programs whose name MLflow adds to their root spans.
var namedServices = []string{"claude-code", "codex_cli_rs", "codex_vscode", "gemini-cli", "qwen-code"}

// finish sets what the spans have from their resource.
func finish(r *span.Resource) {
	name := r.Attributes.Get(serviceName)
	for _, known := range namedServices {
		if name != `"`+known+`"` {
			continue
		}
		for _, s := range r.Spans {
			if s.Parent.IsZero() {
				s.Attributes.Set(serviceName, name)
			}
		}
	}
}

// traceRequestID is the attribute with the id of the trace as MLflow knows it.
const traceRequestID = "mlflow.traceRequestId"

// complete checks the ids of a span and sets the attribute with the id of its trace, which
// clients cannot choose.
func complete(s *span.Span, traceID, id, parent []byte) error {
	if len(traceID) == 0 || len(id) == 0 {
		return ErrID
	}
	if strings.IndexByte(s.Name, 0) >= 0 {
		return fmt.Errorf("%w: the name of a span has a NUL character", ErrFormat)
	}
	if !pad(s.TraceID[:], traceID) || !pad(s.ID[:], id) || !pad(s.Parent[:], parent) {
		return fmt.Errorf("%w: an id is too long", ErrFormat)
	}
	s.Type = span.TypeOf(s.Attributes)
	s.Attributes.Set(traceRequestID, `"`+s.TraceID.String()+`"`)
	return nil
}

// pad copies an id to the end of dst; false if it does not fit.
func pad(dst, id []byte) bool {
	if len(id) > len(dst) {
		return false
	}
	copy(dst[len(dst)-len(id):], id)
	return true
}

// add adds an attribute. As in a Python dict, a key that is given again keeps its place.
func add(list *span.Attributes, key, json string) error {
	if !utf8.ValidString(key) {
		return fmt.Errorf("%w: the name of an attribute is not UTF-8", ErrFormat)
	}
	*list = append(*list, span.Attribute{Key: key, JSON: json})
	return nil
}

// smallList is the number of attributes up to which comparing all pairs is the fastest way
// to find a key that is given again.
const smallList = 16

// unique removes the attributes whose keys are given again. The first place has the last value.
func unique(list span.Attributes) span.Attributes {
	if len(list) <= smallList {
		kept := list[:0]
		for _, a := range list {
			kept.Set(a.Key, a.JSON)
		}
		return kept
	}
	at := make(map[string]int, len(list))
	kept := list[:0]
	for _, a := range list {
		if i, again := at[a.Key]; again {
			kept[i].JSON = a.JSON
			continue
		}
		at[a.Key] = len(kept)
		kept = append(kept, a)
	}
	return kept
}

// stored returns the JSON of an attribute of a span. A text that is itself the JSON of a text,
// a list or an object is that JSON, because clients of MLflow serialize their values.
func stored(text string) string {
	if python.IsJSON(text) && slices.Contains([]byte(`"[{`), python.FirstByte(text)) {
		return text
	}
	return string(python.AppendJSONString(nil, text))
}

// linkTrace sets the trace of a link.
func linkTrace(l *span.Link, traceID, id []byte) error {
	if !pad(l.TraceID[:], traceID) || !pad(l.SpanID[:], id) {
		return fmt.Errorf("%w: the id of a link is too long", ErrFormat)
	}
	return nil
}

// hexID is an id in hexadecimal digits, as JSON has it.
type hexID []byte

// UnmarshalText implements [encoding.TextUnmarshaler].
func (id *hexID) UnmarshalText(text []byte) error {
	got, err := hex.AppendDecode(nil, text)
	*id = got
	return err
}

// statusOf returns the status for a number of protobuf.
func statusOf(code int64) span.Status {
	switch code {
	case 1:
		return span.StatusOK
	case 2:
		return span.StatusError
	default:
		return span.StatusUnset
	}
}
