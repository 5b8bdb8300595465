package serving

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// recorded is a request and the answer of MLflow's scoring server. testdata/record.py writes
// them.
type recorded struct {
	Type   string
	Body   string
	Base64 []byte
	Status int
	Answer string
}

// TestLikeMLflow compares answers with those of MLflow's scoring server.
func TestLikeMLflow(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/answers.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string][]recorded
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	for name, requests := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := Handler(open(t, "../../internal/serving/testdata/"+name), slog.New(slog.DiscardHandler))
			for _, r := range requests {
				r.compare(t, name, h)
			}
		})
	}
}

func (r *recorded) compare(t *testing.T, model string, h http.Handler) {
	t.Helper()
	body := r.Body
	if r.Base64 != nil {
		body = string(r.Base64)
	}
	status, text := post(t, h, r.Type, body)
	show := fmt.Sprintf("%s, %s: %.150q", model, r.Type, body)
	reason := r.difference(model, body, status)
	if same := status == r.Status && (status != http.StatusOK || sameJSON(text, r.Answer)); !same && reason == "" {
		t.Errorf("%s: %d %.300s; MLflow: %d %s", show, status, text, r.Status, r.Answer)
	}
}

// difference returns why an answer may differ from MLflow's, or "".
func (r *recorded) difference(model, body string, status int) string {
	for _, d := range differences {
		if slices.Contains(strings.Split(d.models, " "), model) && d.ours == status && d.theirs == r.Status && d.body.MatchString(body) {
			return d.reason
		}
	}
	return ""
}

var differences = []struct {
	models       string
	body         *regexp.Regexp
	ours, theirs int
	reason       string
}{
	{"plain", regexp.MustCompile(`^[^P]`), 200, 400, "Without a signature, MLflow refuses whole numbers for a network of floats."},
	{"tensor params", regexp.MustCompile(`"x": \[`), 200, 400, "The name in the file names an input, too."},
	{"columns", regexp.MustCompile(`\[\[`), 200, 400, "Rows without names are taken in the order of the signature."},
	{"one", regexp.MustCompile(`"a": \[1, 3\], "b": \[2\]`), 200, 400, "A column that the model does not take has any length."},
	{"one", regexp.MustCompile(`{"a": 1, "b": 2}}`), 200, 400, "Values in place of columns are one row, as with two columns."},
	{"tensor", regexp.MustCompile(`^{"inputs": \[\[1, 2\]\]}$`), 200, 500, "JSON needs no Content-Type."},
	{"tensor params", regexp.MustCompile(`"index": \[0, 1\]`), 400, 200, "MLflow repeats one row for each label of the index."},
	{"one", regexp.MustCompile(`"data": {"a": \[1\]}`), 400, 200, "The data of dataframe_split are rows."},
	{"longs", regexp.MustCompile(`1e39`), 400, 200, "MLflow answers with another number."},
	{"columns longs one tensor plain", regexp.MustCompile(`^PAR1`), 200, 400, "MLflow does not convert between types of numbers here."},
}

// sameJSON compares JSON in which NaN and infinities may occur.
func sameJSON(a, b string) bool {
	quote := regexp.MustCompile(`-?\b(NaN|Infinity)\b`)
	var x, y any
	if json.Unmarshal([]byte(quote.ReplaceAllString(a, `"$0"`)), &x) != nil ||
		json.Unmarshal([]byte(quote.ReplaceAllString(b, `"$0"`)), &y) != nil {
		return false
	}
	return same(x, y)
}

func same(x, y any) bool {
	switch x := x.(type) {
	case float64:
		y, ok := y.(float64)
		return ok && math.Abs(x-y) <= 1e-6*max(math.Abs(x), math.Abs(y))
	case []any:
		y, ok := y.([]any)
		return ok && slices.EqualFunc(x, y, same)
	case map[string]any:
		y, ok := y.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for k, v := range x {
			if w, found := y[k]; !found || !same(v, w) {
				return false
			}
		}
		return true
	}
	return x == y
}
