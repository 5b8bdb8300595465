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

// EncodeOffset returns a page token with the offset of the next page.
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

// MetricPage is the last value of a page of a history, as stored in the database. The
// next page begins after it.
type MetricPage struct {
	Timestamp int64   `json:"timestamp"`
	Step      int64   `json:"step"`
	Value     float64 `json:"value"`
	IsNaN     bool    `json:"is_nan,omitempty"`
}

// EncodeMetricPage returns the token of the page after p. The value must be finite.
func EncodeMetricPage(p MetricPage) string {
	raw, _ := json.Marshal(p) // Finite numbers can always be encoded.
	return base64.StdEncoding.EncodeToString(raw)
}

// DecodeMetricPage returns the value before the first one of a page, or, for a token
// of MLflow, the number of values before the page. It returns nil and 0 for "".
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

// decodeBase64 decodes as Python does: it ignores characters outside the alphabet,
// and requires padding.
func decodeBase64(token string) ([]byte, error) {
	clean := strings.Map(func(r rune) rune {
		if r < 128 && (r == '+' || r == '/' || r == '=' || (isWordRune(r) && r != '_')) {
			return r
		}
		return -1
	}, token)
	return base64.StdEncoding.DecodeString(clean)
}

// loggedModelToken is the page token of a search of logged models. It contains the
// request, so that it cannot be used with another one.
type loggedModelToken struct {
	ExperimentIDs []string                    `json:"experiment_ids"`
	Filter        string                      `json:"filter_string"`
	OrderBy       []mlflow.LoggedModelOrderBy `json:"order_by"`
	Offset        int                         `json:"offset"`
}

// EncodeLoggedModelPage returns the page token of the request for the page that
// starts at offset.
func EncodeLoggedModelPage(in *mlflow.SearchLoggedModelsRequest, offset int) (string, error) {
	raw, err := json.Marshal(loggedModelToken{in.ExperimentIDs, in.Filter, in.OrderBy, offset})
	return base64.StdEncoding.EncodeToString(raw), err
}

// DecodeLoggedModelPage returns the offset of the page of in.PageToken, or 0 if there
// is no token. The request must be the one that the token was created for.
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
		return 0, differs(
			"Experiment IDs", "experiment IDs",
			python.ReprList(in.ExperimentIDs), python.ReprList(t.ExperimentIDs),
		)
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
