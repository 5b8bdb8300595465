package search

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/mlflow"
)

// EncodeOffset makes the page token of a search of runs or experiments. It
// holds no more than the offset of the next page.
func EncodeOffset(n int) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, `{"offset": %d}`, n))
}

// DecodeOffset returns the offset in a page token; "" is the first page.
func DecodeOffset(token string) (int, error) {
	if token == "" {
		return 0, nil
	}
	raw, err := decodeBase64(token)
	if err != nil {
		return 0, invalid("Invalid page token, could not base64-decode")
	}
	var parsed any
	if json.Unmarshal(raw, &parsed) != nil {
		return 0, invalid("Invalid page token, decoded value=%s", python.ReprBytes(raw))
	}
	fields, _ := parsed.(map[string]any)
	switch v := fields["offset"].(type) {
	case float64:
		if v >= 1 && v <= math.MaxInt32 {
			return int(v), nil
		}
	case string:
		n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 32)
		if err != nil && v != "" {
			return 0, invalid("Invalid page token, not stringable %s", v)
		}
		if n >= 1 {
			return int(n), nil
		}
	}
	return 0, invalid("Invalid page token, parsed value=%s", python.ReprJSON(parsed))
}

// MetricPage is where a page of a metric's history ends: at the value, as it is
// stored, after which the next page begins.
type MetricPage struct {
	Timestamp int64   `json:"timestamp"`
	Step      int64   `json:"step"`
	Value     float64 `json:"value"`
	IsNaN     bool    `json:"is_nan,omitempty"`
}

// EncodeMetricPage makes the token of the page that begins after p. The value must
// be finite.
func EncodeMetricPage(p MetricPage) string {
	raw, _ := json.Marshal(p) // Finite numbers always marshal.
	return base64.StdEncoding.EncodeToString(raw)
}

// DecodeMetricPage returns the value after which the page of a token begins, or how
// many values come before it, as MLflow's own tokens say; nil and 0 for the first.
func DecodeMetricPage(token string) (after *MetricPage, offset int, err error) {
	raw, err := decodeBase64(token)
	if err != nil || token == "" {
		offset, err = DecodeOffset(token)
		return nil, offset, err
	}
	var p struct {
		MetricPage
		Timestamp *int64 `json:"timestamp"`
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if d.Decode(&p) == nil && p.Timestamp != nil && !d.More() {
		p.MetricPage.Timestamp = *p.Timestamp
		return &p.MetricPage, 0, nil
	}
	offset, err = DecodeOffset(token)
	return nil, offset, err
}

// decodeBase64 decodes as Python does: characters outside the alphabet do not
// count, padding does.
func decodeBase64(token string) ([]byte, error) {
	clean := strings.Map(func(r rune) rune {
		if r < 128 && (r == '+' || r == '/' || r == '=' || (isWordRune(r) && r != '_')) {
			return r
		}
		return -1
	}, token)
	return base64.StdEncoding.DecodeString(clean)
}

// loggedModelToken is the page token of a search of logged models. It repeats
// the request, so that a client cannot go on with another.
type loggedModelToken struct {
	ExperimentIDs []string                    `json:"experiment_ids"`
	Filter        string                      `json:"filter_string"`
	OrderBy       []mlflow.LoggedModelOrderBy `json:"order_by"`
	Offset        int                         `json:"offset"`
}

// EncodeLoggedModelPage makes the page token with which in is to be repeated
// for the page that starts at offset.
func EncodeLoggedModelPage(in *mlflow.SearchLoggedModelsRequest, offset int) (string, error) {
	raw, err := json.Marshal(loggedModelToken{in.ExperimentIDs, in.Filter, in.OrderBy, offset})
	return base64.StdEncoding.EncodeToString(raw), err
}

// DecodeLoggedModelPage returns the offset of the page that in.PageToken asks
// for; without a token, it is 0. The rest of the request must be the same as
// that which the token was made for.
func DecodeLoggedModelPage(in *mlflow.SearchLoggedModelsRequest) (int, error) {
	if in.PageToken == "" {
		return 0, nil
	}
	var t loggedModelToken
	raw, err := decodeBase64(in.PageToken)
	if err != nil || json.Unmarshal(raw, &t) != nil {
		return 0, invalid("Invalid page token: %s", in.PageToken)
	}
	differs := func(title, subject string, want, found any) error {
		return invalid("%s in the page token do%s not match the requested %s. Expected: %v. Found: %v", title,
			map[bool]string{true: "", false: "es"}[subject == "experiment IDs"], subject, want, found)
	}
	switch {
	case !slices.Equal(t.ExperimentIDs, in.ExperimentIDs):
		return 0, differs("Experiment IDs", "experiment IDs", python.ReprList(in.ExperimentIDs), python.ReprList(t.ExperimentIDs))
	case t.Filter != in.Filter:
		return 0, differs("Filter string", "filter string", orNone(in.Filter), orNone(t.Filter))
	case !slices.EqualFunc(t.OrderBy, in.OrderBy, sameOrder):
		return 0, differs("Order by", "order by", printOrder(in.OrderBy), printOrder(t.OrderBy))
	case t.Offset < 0 || t.Offset > math.MaxInt32:
		return 0, invalid("Invalid page token: %s", in.PageToken)
	}
	return t.Offset, nil
}

func orNone(s string) string {
	if s == "" {
		return "None"
	}
	return s
}

func ascending(o mlflow.LoggedModelOrderBy) bool { return o.Ascending == nil || *o.Ascending }

func sameOrder(a, b mlflow.LoggedModelOrderBy) bool {
	return a.FieldName == b.FieldName && ascending(a) == ascending(b) &&
		a.DatasetName == b.DatasetName && a.DatasetDigest == b.DatasetDigest
}

func printOrder(list []mlflow.LoggedModelOrderBy) string {
	if len(list) == 0 {
		return "None"
	}
	out := make([]string, len(list))
	text := func(s string) string {
		if s == "" {
			return "None"
		}
		return python.Repr(s)
	}
	for i, o := range list {
		out[i] = fmt.Sprintf("{'field_name': %s, 'ascending': %s, 'dataset_name': %s, 'dataset_digest': %s}",
			python.Repr(o.FieldName), python.ReprJSON(ascending(o)), text(o.DatasetName), text(o.DatasetDigest))
	}
	return "[" + strings.Join(out, ", ") + "]"
}
