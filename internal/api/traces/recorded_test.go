package traces_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/api/rules"
	"github.com/millrace-ml/millrace/internal/api/traces"
	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/storetest"
)

// recorded is a line of testdata: a request, what MLflow answers to it and, in Ours, what
// Millrace answers on purpose instead. test/compat/record_traces.py writes them.
type recorded struct {
	Request json.RawMessage `json:"request"`
	answer
	Ours *answer `json:"ours"`
}

type answer struct {
	Status  int    `json:"status"`
	Code    string `json:"code"`
	Message string `json:"message"`
	// IDs are the last two characters of the ids of traces.
	IDs    []string       `json:"ids"`
	Next   string         `json:"next"`
	Points []any          `json:"points"`
	Answer map[string]any `json:"answer"`
}

func lines[T any](t *testing.T, file string) (list []T) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	for {
		var line T
		err := d.Decode(&line)
		if err == io.EOF {
			return list
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		list = append(list, line)
	}
}

// newServer starts a server with the experiments and rows that MLflow had. It returns its URL.
func newServer(t *testing.T, st *store.Store) string {
	t.Helper()
	r := route.New(rules.NewOwners(st))
	(&traces.Handlers{Store: st, Owners: rules.NewOwners(st)}).Routes(r)
	server := httptest.NewServer(auth.Middleware(st)(r.Handler()))
	t.Cleanup(server.Close)
	for _, name := range []string{"e1", "e2", "e3", "e4"} {
		if _, err := st.CreateExperiment(t.Context(), name, "", nil); err != nil {
			t.Fatal(err)
		}
	}
	err := st.Write(t.Context(), func(tx db.Tx) error {
		for _, line := range lines[struct {
			Table string
			Row   map[string]any
		}](t, "rows.jsonl") {
			delete(line.Row, "duration_ns") // The database computes it.
			columns := slices.Sorted(maps.Keys(line.Row))
			args := make([]any, len(columns))
			for i, column := range columns {
				args[i] = line.Row[column]
				if n, ok := args[i].(json.Number); ok {
					args[i] = n.String()
				}
			}
			_, err := tx.Exec("INSERT INTO "+line.Table+" (`"+strings.Join(columns, "`, `")+"`) VALUES ("+
				db.Placeholders(len(columns))+")", args...)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return server.URL
}

var printedSet = regexp.MustCompile(`\{('[^{}]*')\}`)

// sortSets sorts the members of Python's sets in a message, which are in any order.
func sortSets(message string) string {
	return printedSet.ReplaceAllStringFunc(message, func(set string) string {
		members := strings.Split(set[1:len(set)-1], ", ")
		slices.Sort(members)
		return "{" + strings.Join(members, ", ") + "}"
	})
}

// replay sends the requests of a file to Millrace on each database.
func replay(t *testing.T, file, path string) {
	t.Helper()
	replayOn(t, storetest.New(t), file, path)
	dbtest.OnServers(t, func(t *testing.T, uri string) {
		replayOn(t, storetest.Open(t, uri), file, path)
	})
}

func replayOn(t *testing.T, st *store.Store, file, path string) {
	t.Helper()
	server := newServer(t, st)
	for _, line := range lines[recorded](t, file) {
		t.Run(string(line.Request), func(t *testing.T) {
			got, want := ask(t, server+"/api/3.0/mlflow/traces/"+path, line.Request), *cmp.Or(line.Ours, &line.answer)
			if want.Status == http.StatusInternalServerError { // Millrace knows that the request is wrong.
				want.Status, want.Code, want.Message = http.StatusBadRequest, got.Code, got.Message
			}
			want.Points, _ = floats(want.Points).([]any)
			got.Points, _ = floats(got.Points).([]any)
			got.Answer, _ = floats(got.Answer).(map[string]any)
			want.Answer, _ = floats(want.Answer).(map[string]any)
			got.Message, want.Message = sortSets(got.Message), sortSets(want.Message)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("\ngot  %+v\nwant %+v", got, want)
			}
		})
	}
}

// floats replaces numbers by what they are in 14 digits, whether they are written as integers or not.
func floats(v any) any {
	switch v := v.(type) {
	case json.Number:
		x, _ := v.Float64()
		return strconv.FormatFloat(x, 'g', 14, 64)
	case []any:
		for i := range v {
			v[i] = floats(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = floats(v[key])
		}
	}
	return v
}

// ask sends a request.
func ask(t *testing.T, url string, body []byte) (a answer) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var fields map[string]any
	d := json.NewDecoder(resp.Body)
	d.UseNumber()
	if err := d.Decode(&fields); err != nil {
		t.Fatal(err)
	}
	a.Status = resp.StatusCode
	if resp.StatusCode != http.StatusOK {
		a.Code, _ = fields["error_code"].(string)
		a.Message, _ = fields["message"].(string)
		return a
	}
	switch {
	case strings.HasSuffix(url, "/search"):
		a.IDs = []string{}
		list, _ := fields["traces"].([]any)
		for _, trace := range list {
			id := trace.(map[string]any)["trace_id"].(string)
			a.IDs = append(a.IDs, id[len(id)-2:])
		}
		a.Next, _ = fields["next_page_token"].(string)
	case strings.HasSuffix(url, "/metrics"):
		a.Points, _ = fields["data_points"].([]any)
		if a.Points == nil {
			a.Points = []any{}
		}
	default:
		a.Answer = fields
	}
	return a
}

func TestRecordedSearches(t *testing.T) {
	t.Parallel()
	replay(t, "search.jsonl", "search")
}

func TestRecordedMetrics(t *testing.T) {
	t.Parallel()
	replay(t, "metrics.jsonl", "metrics")
}

func TestRecordedCorrelations(t *testing.T) {
	t.Parallel()
	replay(t, "correlation.jsonl", "calculate-filter-correlation")
}

// TestSearchV2 compares the form of a page for clients before MLflow 3 with MLflow's: what the
// database has in columns comes last.
func TestSearchV2(t *testing.T) {
	t.Parallel()
	server := newServer(t, storetest.New(t))
	query := url.Values{
		"experiment_ids": {"4"}, "filter": {"status='ERROR'"}, "order_by": {"timestamp_ms ASC"}, "max_results": {"1"},
	}
	get := func(q url.Values) (int, map[string]any) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server+"/api/2.0/mlflow/traces?"+q.Encode(), nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var fields map[string]any
		if err := json.NewDecoder(resp.Body).Decode(&fields); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, fields
	}
	status, page := get(query)
	if status != http.StatusOK || page["next_page_token"] != nil || len(page["traces"].([]any)) != 1 {
		t.Fatalf("%d %v", status, page)
	}
	trace := page["traces"].([]any)[0].(map[string]any)
	for field, want := range map[string]any{
		"request_id": "tr-00000000000000000000000000000006", "experiment_id": "4", "timestamp_ms": 1795860005000.0,
		"execution_time_ms": 600.0, "status": "ERROR",
	} {
		if trace[field] != want {
			t.Errorf("%s is %v, want %v", field, trace[field], want)
		}
	}
	keys := func(field string) (list []string) {
		for _, pair := range trace[field].([]any) {
			list = append(list, pair.(map[string]any)["key"].(string))
		}
		return list
	}
	wantTags := []string{"color", "k.dot", "mlflow.artifactLocation", "mlflow.trace.spansLocation", "name", "mlflow.traceName"}
	wantMetadata := []string{
		"md", "mlflow.sourceRun", "mlflow.trace.infoFinalized", "mlflow.trace.user", "mlflow.trace.session",
	}
	if got := keys("tags"); !slices.Equal(got, wantTags) {
		t.Errorf("tags %v, want %v", got, wantTags)
	}
	if got := keys("request_metadata"); !slices.Equal(got, wantMetadata) {
		t.Errorf("metadata %v, want %v", got, wantMetadata)
	}
	query.Set("max_results", "501")
	if status, page := get(query); status != http.StatusBadRequest || page["error_code"] != "INVALID_PARAMETER_VALUE" {
		t.Errorf("501 traces: %d %v", status, page)
	}
	query.Del("experiment_ids")
	if status, page := get(query); status != http.StatusBadRequest {
		t.Errorf("no experiments: %d %v", status, page)
	}
}
