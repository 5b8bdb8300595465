package search

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
)

// row is a row line of a testdata file.
type row struct {
	Name             string            `json:"name"`
	ID               string            `json:"id"`
	UserID           string            `json:"user_id"`
	Status           string            `json:"status"`
	StartTime        int64             `json:"start_time"`
	EndTime          *int64            `json:"end_time"`
	ArtifactURI      string            `json:"artifact_uri"`
	Metrics          json.RawMessage   `json:"metrics"`
	Params           map[string]string `json:"params"`
	Tags             map[string]string `json:"tags"`
	Datasets         [][3]string       `json:"datasets"`
	CreationTime     int64             `json:"creation_time"`
	LastUpdateTime   int64             `json:"last_update_time"`
	ModelType        string            `json:"model_type"`
	Ready            bool              `json:"ready"`
	ExperimentID     string            `json:"experiment_id"`
	ArtifactLocation string            `json:"artifact_location"`
	CreatedMS        int64             `json:"creation_timestamp_ms"`
	UpdatedMS        int64             `json:"last_updated_timestamp_ms"`
}

// script is a testdata file in the course of being played.
type script struct {
	testDB
	entity string
	names  map[string]string         // id to name
	values map[string]map[string]any // name to the row's JSON
}

// TestRecorded plays the files that test/compat/record_search.py wrote: it
// makes their rows and asks their questions.
func TestRecorded(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.search")
	if err != nil || len(files) != 3 {
		t.Fatalf("%d files, want 3: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := &script{openDB(t), "", map[string]string{}, map[string]map[string]any{}}
			asked := 0
			for _, block := range strings.Split(strings.TrimRight(string(text), "\n"), "\n\n") {
				asked += s.play(t, block)
			}
			if asked < 100 {
				t.Errorf("only %d questions", asked)
			}
		})
	}
}

// play plays a block of a file and returns the number of questions in it.
func (s *script) play(t *testing.T, block string) int {
	var filter, want string
	var order, datasets json.RawMessage
	isQuestion := false
	for _, line := range strings.Split(block, "\n") {
		word, rest, _ := strings.Cut(line, " ")
		isQuestion = isQuestion || word == "filter" || word == "filterjson" || word == "order" || word == "datasets"
		switch word {
		case "entity":
			s.entity = rest
		case "row":
			s.addRow(rest)
		case "filter":
			filter = s.fillIn(rest)
		case "filterjson":
			mustJSON(s, rest, &filter)
			filter = s.fillIn(filter)
		case "order":
			order = json.RawMessage(rest)
		case "datasets":
			datasets = json.RawMessage(rest)
		case "ours":
			want = rest
		case "=", "!", "500":
			if want == "" {
				want = line
			}
		case "#", "":
		default:
			t.Fatalf("unknown line %q", line)
		}
	}
	// A line "ours" follows the answer that it overrides.
	if _, ours, found := strings.Cut(block, "\nours "); found {
		want, _, _ = strings.Cut(ours, "\n")
	}
	if !isQuestion {
		return 0
	}
	t.Run(strings.ReplaceAll(filter+string(order)+string(datasets), "/", "|"), func(t *testing.T) {
		got := s.ask(t, filter, order, datasets)
		if want == "500" {
			if !strings.HasPrefix(got, "! ") {
				t.Errorf("got %q, want an error", got)
			}
		} else if want != got {
			t.Errorf("\ngot  %s\nwant %s", got, want)
		}
	})
	return 1
}

func mustJSON(t testing.TB, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}

var placeholder = regexp.MustCompile(`\$(\w+)(?:\.(\w+))?`)

func (s *script) fillIn(text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(match string) string {
		m := placeholder.FindStringSubmatch(match)
		row, ok := s.values[m[1]]
		if !ok {
			return match
		}
		if m[2] == "" {
			m[2] = "id"
		}
		if n, ok := row[m[2]].(float64); ok {
			return strconv.FormatInt(int64(n), 10)
		}
		return row[m[2]].(string)
	})
}

// ask returns the answer to a question, worded as in the file.
func (s *script) ask(t *testing.T, filter string, order, datasets json.RawMessage) string {
	var q *Query
	var err error
	table, alias, id := "runs", "r", "run_uuid"
	var orderBy []string
	if order != nil && s.entity != "logged_models" {
		mustJSON(t, string(order), &orderBy)
	}
	switch s.entity {
	case "runs":
		q, err = Runs(SQLite, filter, orderBy)
	case "experiments":
		table, alias, id = "experiments", "e", "experiment_id"
		q, err = Experiments(SQLite, filter, orderBy)
	case "logged_models":
		table, alias, id = "logged_models", "lm", "model_id"
		var keys []mlflow.LoggedModelOrderBy
		var on []mlflow.LoggedModelDataset
		if order != nil {
			mustJSON(t, string(order), &keys)
		}
		if datasets != nil {
			mustJSON(t, string(datasets), &on)
		}
		q, err = LoggedModels(SQLite, filter, keys, on)
	default:
		t.Fatalf("unknown entity %q", s.entity)
	}
	if err != nil {
		e := mlflow.AsError(err)
		if e == nil || e.Code != mlflow.InvalidParameterValue {
			t.Fatalf("got %v, want INVALID_PARAMETER_VALUE", err)
		}
		quoted, err := json.Marshal(e.Message)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(quoted))
		return "! " + text[1:len(text)-1]
	}
	answer := "="
	for _, id := range s.ids(q, table, alias, id) {
		answer += " " + s.names[id]
	}
	return answer
}

func (s *script) addRow(text string) {
	var r row
	var values map[string]any
	mustJSON(s, text, &r)
	mustJSON(s, text, &values)
	s.names[r.ID], s.values[r.Name] = r.Name, values
	switch s.entity {
	case "runs":
		s.addRun(r)
	case "experiments":
		s.exec("INSERT INTO experiments VALUES (?, ?, ?, ?)", r.ID, r.Name, r.CreationTime, r.LastUpdateTime)
		for k, v := range r.Tags {
			s.exec("INSERT INTO experiment_tags VALUES (?, ?, ?)", k, v, r.ID)
		}
	case "logged_models":
		s.addModel(r)
	}
}

func (s *script) addRun(r row) {
	if r.Status == "" {
		r.Status = "RUNNING"
	}
	s.exec("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)",
		r.ID, r.Name, r.UserID, r.Status, r.StartTime, r.EndTime, r.ArtifactURI)
	s.exec("INSERT INTO tags VALUES ('mlflow.runName', ?, ?)", r.Name, r.ID)
	for k, v := range r.Tags {
		s.exec("INSERT INTO tags VALUES (?, ?, ?)", k, v, r.ID)
	}
	for k, v := range r.Params {
		s.exec("INSERT INTO params VALUES (?, ?, ?)", k, v, r.ID)
	}
	metrics := map[string]any{}
	if r.Metrics != nil {
		mustJSON(s, string(r.Metrics), &metrics)
	}
	for k, v := range metrics {
		isNaN := v == "NaN"
		if isNaN {
			v = 0.0
		}
		if word, ok := v.(string); ok { // MLflow stores the largest number instead
			v = math.Copysign(math.MaxFloat64, map[string]float64{"Infinity": 1, "-Infinity": -1}[word])
		}
		s.exec("INSERT INTO latest_metrics VALUES (?, ?, ?, ?)", k, v, isNaN, r.ID)
	}
	for i, ds := range r.Datasets {
		input := r.ID + strconv.Itoa(i)
		s.exec("INSERT INTO datasets VALUES (?, ?, ?)", "ds-"+input, ds[0], ds[1])
		s.exec("INSERT INTO inputs VALUES (?, 'DATASET', ?, 'RUN', ?)", input, "ds-"+input, r.ID)
		if ds[2] != "" {
			s.exec("INSERT INTO input_tags VALUES (?, 'mlflow.data.context', ?)", input, ds[2])
		}
	}
}

func (s *script) addModel(r row) {
	status := 1
	if r.Ready {
		status = 2
	}
	s.exec("INSERT INTO logged_models VALUES (?, ?, ?, ?, ?, ?, ?, 'active', ?, '', NULL)", r.ID, r.ExperimentID, r.Name,
		r.ArtifactLocation, r.CreatedMS, r.UpdatedMS, status, r.ModelType)
	for k, v := range r.Tags {
		s.exec("INSERT INTO logged_model_tags VALUES (?, ?, ?)", r.ID, k, v)
	}
	for k, v := range r.Params {
		s.exec("INSERT INTO logged_model_params VALUES (?, ?, ?)", r.ID, k, v)
	}
	var metrics [][]any
	if r.Metrics != nil {
		mustJSON(s, string(r.Metrics), &metrics)
	}
	for _, m := range metrics {
		for len(m) < 6 {
			m = append(m, nil)
		}
		s.exec(
			"INSERT INTO logged_model_metrics VALUES (?, ?, ?, ?, ?, 'run', ?, ?)",
			r.ID,
			m[0],
			m[2],
			m[3],
			m[1],
			m[4],
			m[5],
		)
	}
}
