package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/evaluation"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/genai"
)

// UpsertRecords adds the records of a JSON list to a dataset.
func UpsertRecords(t *testing.T, s *store.Store, dataset, records string) (inserted, updated int) {
	t.Helper()
	list, err := s.ParseRecords(records)
	if err != nil {
		t.Fatalf("%s: %v", records, err)
	}
	inserted, updated, err = s.UpsertRecords(t.Context(), dataset, list)
	if err != nil {
		t.Fatalf("%s: %v", records, err)
	}
	return inserted, updated
}

func newDataset(t *testing.T, s *store.Store, name string, experiments ...int64) string {
	t.Helper()
	return must(s.CreateDataset(t.Context(), name, nil, experiments))(t).DatasetID
}

// recordsOf returns the records of a dataset by the JSON of their inputs.
func recordsOf(t *testing.T, s *store.Store, dataset string) map[string]map[string]any {
	t.Helper()
	text, next, err := s.Records(t.Context(), dataset, 1000, "")
	var list []map[string]any
	if err != nil || next != "" || json.Unmarshal([]byte(text), &list) != nil {
		t.Fatalf("records of %s: %s, %q, %v", dataset, text, next, err)
	}
	records := map[string]map[string]any{}
	for _, r := range list {
		inputs, _ := json.Marshal(r["inputs"]) // It was just decoded.
		records[string(inputs)] = r
	}
	return records
}

// mergeRecords checks the identity of records, and how one is merged into another.
func mergeRecords(t *testing.T, s *store.Store) {
	id := newDataset(t, s, "merge", 0)
	for _, c := range []struct {
		records           string
		inserted, updated int
	}{
		{`[]`, 0, 0},
		{`[{"inputs": {"b": 1, "a": "ü"}, "tags": {"t": "1"}}, {"inputs": {"a": "\u00fc", "b": 1}}]`, 1, 1},
		{`[{"inputs": {"c": 1}}, {"inputs": {"c": 1.0}, "outputs": null}]`, 2, 0},
		{`[{"inputs": {"a": "ü", "b": 1}, "outputs": ["x"], "expectations": {"e": true}, "tags": {"u": "2"},
			"source": {"source_type": "human"}}]`, 0, 1},
		{`[{"inputs": {"b": 1, "a": "ü"}, "expectations": {"e": 1.5, "f": null},
			"tags": {"t": "3", "mlflow.user": "me"}}]`, 0, 1},
		{`[{"expectations": {"z": 1}, "source": {"source_type": "Trace",
			"source_data": {"trace_id": "tr-1", "x": [1]}}}]`, 1, 0},
		{`[{"inputs": {"a": 1}, "outputs": {"o": {}}}, {"inputs": {"a": 1}, "outputs": "text"}]`, 1, 1},
	} {
		if inserted, updated := UpsertRecords(t, s, id, c.records); inserted != c.inserted || updated != c.updated {
			t.Errorf("%s: %d inserted, %d updated", c.records, inserted, updated)
		}
	}
	got := recordsOf(t, s, id)
	first := got[`{"a":"ü","b":1}`]
	if first == nil || !reflect.DeepEqual(first["outputs"], []any{"x"}) || first["source"] != nil ||
		!reflect.DeepEqual(first["expectations"], map[string]any{"e": 1.5, "f": nil}) ||
		!reflect.DeepEqual(first["tags"], map[string]any{"t": "3", "u": "2", "mlflow.user": "me"}) ||
		first["last_updated_by"] != "me" || first["created_by"] != nil {
		t.Errorf("merged: %v", first)
	}
	if r := got[`{}`]; r["source_id"] != "tr-1" || r["source_type"] != "TRACE" ||
		!reflect.DeepEqual(r["outputs"], map[string]any{}) {
		t.Errorf("without inputs: %v", r)
	}
	if r := got[`{"a":1}`]; r["outputs"] != "text" || !reflect.DeepEqual(r["tags"], map[string]any{}) {
		t.Errorf("twice in one request: %v", r)
	}
	d := must(s.EvaluationDataset(t.Context(), id))(t)
	if d.Profile != `{"num_records": 5}` || d.LastUpdatedBy != "" || d.Schema != `{"inputs": {"b": "integer", `+
		`"a": "string", "c": "integer"}, "outputs": "array", "expectations": {"e": "boolean", "f": "null", `+
		`"z": "integer"}, "version": "1.0"}` {
		t.Errorf("dataset: %+v", d)
	}
}

// refuseRecords checks records that cannot be stored.
func refuseRecords(t *testing.T, s *store.Store) {
	deep := strings.Repeat("[", 2000) + strings.Repeat("]", 2000)
	for _, records := range []string{
		``, `[`, `{"inputs": {}}`, `["x"]`, `[1]`, `[null]`, `[[]]`, `[{"inputs": null}]`, `[{"inputs": "x"}]`,
		`[{"inputs": []}]`,
		`[{"tags": []}]`, `[{"expectations": "x"}]`, `[{"source": "x"}]`, `[{"source": {"source_data": {}}}]`,
		`[{"source": {"source_type": "BOGUS"}}]`, `[{"source": {"source_type": 1}}]`,
		`[{"source": {"source_type": "CODE", "other": 1}}]`, `[{"source": {"source_type": "CODE", "source_data": []}}]`,
		`[{"source": {"source_type": "TRACE", "source_data": {"trace_id": 1}}}]`,
		`[{"source": {"source_type": "TRACE", "source_data": {"trace_id": "a\u0000"}}}]`,
		`[{"source": {"source_type": "TRACE", "source_data": {"trace_id": "` + strings.Repeat("x", 37) + `"}}}]`,
		`[{"tags": {"mlflow.user": 1}}]`, `[{"tags": {"mlflow.user": "` + strings.Repeat("x", 256) + `"}}]`,
		`[{"inputs": {"a": "\ud800"}}]`, `[{"inputs": {"a": ` + deep + `}}]`, "[" + strings.Repeat("{},", 100_000) + "{}]",
	} {
		_, err := s.ParseRecords(records)
		if !errors.Is(err, mlflow.InvalidParameterValue) {
			t.Errorf("%.60s: %v", records, err)
		}
	}
	list := must(s.ParseRecords(`[{"inputs": {"a": 1}}]`))(t)
	if _, _, err := s.UpsertRecords(t.Context(), "d-none", list); !errors.Is(err, mlflow.ResourceDoesNotExist) {
		t.Errorf("a dataset that does not exist: %v", err)
	}
}

// deepRecords checks that what is accepted can be stored.
func deepRecords(t *testing.T, s *store.Store) {
	id := newDataset(t, s, "deep")
	accepted := 0
	for n := range 120 {
		value := strings.Repeat(`{"a":[`, n/2) + strings.Repeat(`]}`, n/2)
		if n%2 > 0 {
			value = "[" + value + "]"
		}
		if value == "" {
			value = "1"
		}
		list, err := s.ParseRecords(fmt.Sprintf(`[{"inputs": {"n": %d, "deep": %s}, "outputs": %s}]`, n, value, value))
		if err != nil {
			break
		}
		if _, _, err := s.UpsertRecords(t.Context(), id, list); err != nil {
			t.Fatalf("a depth of %d is parsed, but not stored: %v", n, err)
		}
		accepted++
	}
	if accepted < 25 || accepted > 100 {
		t.Errorf("a depth of %d is accepted", accepted)
	}
	odd := `{"\u0000": "a\u0000b", "n": 123456789012345, "f": 1.5, "t": "\"\\/\n 🚀"}`
	UpsertRecords(t, s, id, `[{"inputs": `+odd+`, "outputs": `+odd+`}]`)
	text, _, err := s.Records(t.Context(), id, 1000, "")
	if err != nil || !strings.Contains(text, `"a\u0000b"`) || !strings.Contains(text, `\ud83d\ude80`) {
		t.Errorf("odd texts: %v, %s", err, text)
	}
}

// pageRecords checks that pages have each record once, in the order in which they were added.
func pageRecords(t *testing.T, s *store.Store) {
	id := newDataset(t, s, "pages")
	const n = 25
	var records []string
	for i := range n {
		records = append(records, fmt.Sprintf(`{"inputs": {"i": %d}}`, i))
	}
	UpsertRecords(t, s, id, "["+strings.Join(records, ",")+"]")
	for size := 1; size <= n; size += 8 {
		var got []string
		token := ""
		for range n {
			text, next, err := s.Records(t.Context(), id, size, token)
			if err != nil {
				t.Fatal(err)
			}
			var list []struct {
				Inputs struct{ I int } `json:"inputs"`
			}
			if err := json.Unmarshal([]byte(text), &list); err != nil {
				t.Fatal(err)
			}
			for _, r := range list {
				got = append(got, fmt.Sprintf(`{"inputs": {"i": %d}}`, r.Inputs.I))
			}
			if token = next; token == "" {
				break
			}
		}
		if !reflect.DeepEqual(got, records) {
			t.Errorf("pages of %d: %v", size, got)
		}
	}
	for _, token := range []string{"zz", "-1", "x:", "Og==", "99999999999"} {
		if _, _, err := s.Records(t.Context(), id, 10, token); !errors.Is(err, mlflow.InvalidParameterValue) {
			t.Errorf("token %s: %v", token, err)
		}
	}
	if text, _, err := s.Records(t.Context(), id, 10, "24"); err != nil || strings.Count(text, "dataset_record_id") != 1 {
		t.Errorf("the last record by its number: %s, %v", text, err)
	}
}

// recordsAtOnce changes the records of a dataset from several clients.
func recordsAtOnce(t *testing.T, s *store.Store) {
	id := newDataset(t, s, "at once")
	const clients, rounds = 6, 8
	var mu sync.Mutex
	inserted, updated := 0, 0
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for i := range rounds {
				a, b := UpsertRecords(t, s, id, fmt.Sprintf(
					`[{"inputs": {"shared": %d}, "tags": {"c%d": "1"}}, {"inputs": {"own": [%d, %d]}}]`, i, c, c, i))
				mu.Lock()
				inserted, updated = inserted+a, updated+b
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	got := recordsOf(t, s, id)
	if want := clients*rounds + rounds; len(got) != want || inserted != want || inserted+updated != 2*clients*rounds {
		t.Errorf("%d records, %d inserted, %d updated", len(got), inserted, updated)
	}
	if tags := got[`{"shared":3}`]["tags"].(map[string]any); len(tags) != clients {
		t.Errorf("tags: %v", tags)
	}
	if d := must(s.EvaluationDataset(t.Context(), id))(t); d.Profile != fmt.Sprintf(`{"num_records": %d}`, len(got)) {
		t.Errorf("profile: %s", d.Profile)
	}
}

// deleteDatasets checks that everything that belongs to a dataset is deleted with it.
func deleteDatasets(t *testing.T, s *store.Store) {
	ctx := t.Context()
	second := must(s.CreateExperiment(ctx, "of datasets", "", nil))(t)
	id, other := newDataset(t, s, "gone", 0, second), newDataset(t, s, "gone", second)
	if err := s.SetDatasetTags(ctx, id, []mlflow.Tag{{Key: "k", Value: "v"}, {Key: "k2", Value: "ü"}}); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteDatasetTag(ctx, id, "k2"); err != nil {
		t.Fatal(err)
	}
	if d := must(s.EvaluationDataset(ctx, id))(t); d.Tags != `{"k": "v"}` {
		t.Errorf("tags: %s", d.Tags)
	}
	UpsertRecords(t, s, id, `[{"inputs": {"a": 1}}, {"inputs": {"a": 2}}]`)
	var ids []string
	for _, r := range recordsOf(t, s, id) {
		ids = append(ids, r["dataset_record_id"].(string))
	}
	if n := must(s.DeleteRecords(ctx, other, ids))(t); n != 0 {
		t.Errorf("%d records of another dataset are deleted", n)
	}
	for i, want := range []string{`{"num_records": 1}`, `null`} {
		n := must(s.DeleteRecords(ctx, id, []string{ids[i], "dr-none"}))(t)
		if d := must(s.EvaluationDataset(ctx, id))(t); n != 1 || d.Profile != want {
			t.Errorf("%d records are deleted, and the profile is %s", n, d.Profile)
		}
	}
	if experiments := must(s.ExperimentsOfDataset(ctx, id))(t); len(experiments) != 2 {
		t.Errorf("experiments: %v", experiments)
	}
	if d := must(s.RemoveFromExperiments(ctx, id, []int64{0, 12345}))(t); d.Name != "gone" {
		t.Errorf("removed: %+v", d)
	}
	if _, err := s.AddToExperiments(ctx, id, []int64{second, 12345}); !errors.Is(err, mlflow.ResourceDoesNotExist) {
		t.Errorf("an experiment that does not exist: %v", err)
	}
	must(s.AddToExperiments(ctx, id, []int64{second}))(t)
	if experiments := must(s.ExperimentsOfDataset(ctx, id))(t); len(experiments) != 1 {
		t.Errorf("experiments: %v", experiments)
	}
	for range 2 {
		if err := s.DeleteDataset(ctx, id); err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range []error{
		func() error { _, err := s.EvaluationDataset(ctx, id); return err }(),
		func() error { _, err := s.ExperimentsOfDataset(ctx, id); return err }(),
		func() error { _, _, err := s.Records(ctx, id, 1, ""); return err }(),
		func() error { _, err := s.AddToExperiments(ctx, id, nil); return err }(),
		func() error { _, err := s.DeleteRecords(ctx, id, nil); return err }(),
		s.SetDatasetTags(ctx, id, nil),
	} {
		if !errors.Is(err, mlflow.ResourceDoesNotExist) {
			t.Errorf("a dataset that is deleted: %v", err)
		}
	}
	if d := must(s.EvaluationDataset(ctx, other))(t); d.Name != "gone" {
		t.Errorf("another dataset: %+v", d)
	}
}

// searchDatasets checks the conditions and the order of searches of datasets.
func searchDatasets(t *testing.T, s *store.Store) {
	ctx := t.Context()
	in := must(s.CreateExperiment(ctx, "of searched datasets", "", nil))(t)
	tag := func(pairs ...string) (tags []mlflow.Tag) {
		for i := 0; i < len(pairs); i += 2 {
			tags = append(tags, mlflow.Tag{Key: pairs[i], Value: pairs[i+1]})
		}
		return tags
	}
	for name, tags := range map[string][]mlflow.Tag{
		"alpha": tag("team", "x", "mlflow.user", "bob"), "Beta": tag("team", "Y"), "gamma": nil,
	} {
		must(s.CreateDataset(ctx, name, tags, []int64{in}))(t)
	}
	newDataset(t, s, "elsewhere", 0)
	for filter, want := range map[string]string{
		"": "alpha Beta gamma", "name = 'alpha'": "alpha", "name = 'ALPHA'": "", "name != 'alpha'": "Beta gamma",
		"name LIKE '%a'": "alpha Beta gamma", "name LIKE 'B%'": "Beta", "name LIKE 'b%'": "", "name ILIKE 'b%'": "Beta",
		"name IN ('alpha', 'gamma', 'delta')": "alpha gamma", "tags.team = 'x'": "alpha", "tags.team != 'x'": "Beta",
		"tags.team ILIKE 'y'": "Beta", "tags.none = 'x'": "", "created_by = 'bob'": "alpha",
		"last_updated_by LIKE 'b%'":           "alpha",
		"created_time > 0 AND name = 'gamma'": "gamma", "last_update_time <= 0": "",
		"tags.team = 'x' AND tags.`mlflow.user` = 'bob'": "alpha",
	} {
		list, next, err := s.SearchDatasets(ctx, &evaluation.DatasetSearch{
			ExperimentIDs: []int64{in}, Filter: filter, OrderBy: []string{"created_time", "name"}, Limit: 100,
		})
		names := map[string]bool{}
		for i := range list {
			names[list[i].Name] = true
		}
		if wanted := strings.Fields(want); err != nil || next != "" || len(list) != len(wanted) || len(names) != len(wanted) {
			t.Errorf("%s: %v, %q, %v", filter, names, next, err)
		} else {
			for _, name := range wanted {
				if !names[name] {
					t.Errorf("%s: %v lacks %s", filter, names, name)
				}
			}
		}
	}
	var names []string
	token := ""
	for range 4 {
		var list []genai.Dataset
		var err error
		list, token, err = s.SearchDatasets(ctx, &evaluation.DatasetSearch{
			ExperimentIDs: []int64{in}, OrderBy: []string{"name DESC", "name"}, Limit: 1, PageToken: token,
		})
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, list[0].Name)
		if token == "" {
			break
		}
	}
	if len(names) != 3 || names[0] != "gamma" {
		t.Errorf("pages: %v", names)
	}
}
