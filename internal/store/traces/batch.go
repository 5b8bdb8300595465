package traces

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/span"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// Limits of the columns, in characters.
const (
	maxTraceID   = 50
	maxName      = 4096
	maxSession   = 250
	maxClientID  = 50
	maxPreview   = 1000
	maxKey       = 250
	maxValue     = 8000
	maxSpanType  = 500
	maxSpanBytes = 8 << 20 // of the content of a span, in bytes
)

// row is a row of the table spans without the experiment.
type row struct {
	traceID, id, name, status, content string
	parent, kind, model, provider      *string
	start                              int64
	end                                *int64
	cost                               span.Cost
}

// part is what a batch says of one trace.
type part struct {
	id string
	// start and end are Unix milliseconds; end is nil if no span has ended.
	start int64
	end   *int64
	// state is that of a trace whose root is in the batch, and "" otherwise.
	state                   tracing.State
	request, response, name *string
	session, user           string
	nodes                   []span.Node
	usage                   span.Usage
	cost                    span.Cost
	// resourceTags are overridden by rootTags.
	resourceTags, rootTags map[string]string
}

// spanKey identifies a span.
type spanKey struct {
	trace span.TraceID
	id    span.ID
}

// Batch is what one request writes.
type Batch struct {
	rows  []row
	parts []*part // by the id of the trace
}

// traceIDs returns the ids of the traces, sorted.
func (b *Batch) traceIDs() []string {
	ids := make([]string, len(b.parts))
	for i, p := range b.parts {
		ids[i] = p.id
	}
	return ids
}

// NewBatch prepares spans to be written. A span that is given again replaces the former.
// keep says which keys tags of traces can have; others are left out. NewBatch removes the spans from
// the resources one after the other, so that a large batch is not in memory twice.
func NewBatch(resources []*span.Resource, keep func(key string) bool) (*Batch, error) {
	b := &Batch{}
	parts := map[span.TraceID]*part{}
	at := map[spanKey]int{}
	var content []byte
	for _, r := range resources {
		for i, s := range r.Spans {
			r.Spans[i] = nil
			p := parts[s.TraceID]
			if p == nil {
				p = &part{id: s.TraceID.String(), start: s.Start / int64(time.Millisecond)}
				parts[s.TraceID] = p
			}
			content = s.AppendContent(content[:0])
			rw, err := newRow(p.id, s, content)
			if err != nil {
				return nil, err
			}
			key := spanKey{s.TraceID, s.ID}
			if i, again := at[key]; again {
				b.rows[i] = rw
			} else {
				at[key] = len(b.rows)
				b.rows = append(b.rows, rw)
			}
			if err := p.add(s, r.Attributes, keep); err != nil {
				return nil, err
			}
		}
	}
	b.parts = slices.SortedFunc(maps.Values(parts), func(a, b *part) int { return cmp.Compare(a.id, b.id) })
	slices.SortFunc(b.rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.traceID, b.traceID), cmp.Compare(a.id, b.id))
	})
	for _, p := range b.parts {
		p.nodes = newest(p.nodes)
		p.usage, p.cost = span.TotalUsage(p.nodes), span.TotalCost(p.nodes)
	}
	return b, nil
}

// newest removes the nodes that are given again.
func newest(nodes []span.Node) []span.Node {
	at := make(map[string]int, len(nodes))
	kept := nodes[:0]
	for _, n := range nodes {
		if i, again := at[n.ID]; again {
			kept[i] = n
			continue
		}
		at[n.ID] = len(kept)
		kept = append(kept, n)
	}
	return kept
}

// newRow returns the row of a span with its content.
func newRow(traceID string, s *span.Span, content []byte) (row, error) {
	if len(content) > maxSpanBytes {
		return row{}, mlflow.Errorf(mlflow.InvalidParameterValue,
			"The span %s has %d bytes with its attributes; at most %d are allowed.", s.ID, len(content), maxSpanBytes)
	}
	r := row{
		traceID: traceID, id: s.ID.String(), name: s.Name, status: string(s.Status), content: string(content),
		start: s.Start, kind: optional(span.First(s.Type, maxSpanType)), model: optional(s.Model()),
		provider: optional(s.Provider()), cost: s.Cost(),
	}
	if !s.Parent.IsZero() {
		r.parent = optional(s.Parent.String())
	}
	if s.End != 0 {
		r.end = &s.End
	}
	return r, nil
}

// optional returns nil for "".
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// add adds what a span says of its trace.
func (p *part) add(s *span.Span, resource span.Attributes, keep func(string) bool) error {
	p.start = min(p.start, s.Start/int64(time.Millisecond))
	if s.End != 0 {
		end := s.End / int64(time.Millisecond)
		if p.end != nil {
			end = max(end, *p.end)
		}
		p.end = &end
	}
	p.nodes = append(p.nodes, s.Node())
	if p.session == "" {
		p.session = s.Session()
		if err := checkLength("Session ID", p.session, maxSession); err != nil {
			return err
		}
	}
	p.user = span.First(cmp.Or(p.user, s.User()), maxValue)
	if p.resourceTags == nil && len(resource) > 0 {
		p.resourceTags = tagsOfResource(resource, keep)
	}
	if s.Parent.IsZero() {
		return p.addRoot(s, keep)
	}
	return nil
}

// addRoot adds what a root span says of its trace.
func (p *part) addRoot(s *span.Span, keep func(string) bool) error {
	if p.state == "" {
		p.state = tracing.StateOK
		if s.Status == span.StatusError {
			p.state = tracing.StateError
		}
	}
	p.request, p.response = s.RequestPreview(), s.ResponsePreview()
	for _, a := range s.Attributes {
		key, isTag := strings.CutPrefix(a.Key, span.AttrTraceTag)
		switch {
		case !isTag || !keep(key):
		case key == tracing.TagTraceName:
			name := span.Text(a.JSON)
			if err := checkLength("Trace name", name, maxName); err != nil {
				return err
			}
			p.name = &name
		default:
			if p.rootTags == nil {
				p.rootTags = map[string]string{}
			}
			p.rootTags[key] = span.First(span.Text(a.JSON), maxValue)
		}
	}
	return nil
}

// tagsOfResource returns the tags for the attributes of a resource. What the SDK of
// OpenTelemetry says of itself is left out, and so are the names of MLflow.
func tagsOfResource(attributes span.Attributes, keep func(string) bool) map[string]string {
	tags := map[string]string{}
	for _, a := range attributes {
		if strings.HasPrefix(a.Key, "telemetry.sdk.") || strings.HasPrefix(a.Key, "mlflow.") || !keep(a.Key) {
			continue
		}
		tags[a.Key] = span.First(span.Text(a.JSON), maxValue)
	}
	return tags
}

// tags returns the tags of the trace that the batch sets.
func (p *part) tags() map[string]string {
	tags := map[string]string{}
	maps.Copy(tags, p.resourceTags)
	maps.Copy(tags, p.rootTags)
	tags[tracing.TagSpansLocation] = tracing.SpansInDatabase
	return tags
}

// checkLength returns an error for a text with more characters than a column has.
func checkLength(what, text string, limit int) error {
	if span.First(text, limit) == text {
		return nil
	}
	return mlflow.Errorf(mlflow.InvalidParameterValue, "'%s' exceeds the maximum length of %d characters", what, limit)
}

// storedNodes returns the spans of traces that are stored, with their usage and their cost,
// except for those of the batch.
func (t Tx) storedNodes(b *Batch, traceIDs []string) (map[string][]span.Node, error) {
	found := map[string][]span.Node{}
	if len(traceIDs) == 0 {
		return found, nil
	}
	inBatch := make(map[[2]string]bool, len(b.rows))
	for i := range b.rows {
		inBatch[[2]string{b.rows[i].traceID, b.rows[i].id}] = true
	}
	err := t.Each(`SELECT trace_id, span_id, coalesce(parent_span_id, ''),
			CASE WHEN content LIKE '%mlflow.chat.tokenUsage%' OR content LIKE '%mlflow.llm.cost%' THEN content ELSE '' END
		FROM spans WHERE trace_id IN (?...)`, []any{traceIDs}, base.ScanFour(func(traceID, id, parent, content string) error {
		if inBatch[[2]string{traceID, id}] {
			return nil
		}
		n := span.Node{ID: id, Parent: parent}
		var stored struct{ Attributes map[string]json.RawMessage }
		if content != "" && json.Unmarshal([]byte(content), &stored) == nil {
			n.Usage = span.Text(string(stored.Attributes[span.AttrUsage]))
			n.Cost = span.Text(string(stored.Attributes[span.AttrCost]))
		}
		found[traceID] = append(found[traceID], n)
		return nil
	}))
	return found, err
}
