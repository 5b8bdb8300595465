package serving

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/models"
)

func open(t *testing.T, name string) *models.Model {
	t.Helper()
	m, err := models.Open("../../models/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func post(t *testing.T, h http.Handler, contentType, body string) (int, string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/invocations", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// ramp returns 0, 1/30, ... 29/30, the input of the recorded predictions.
func ramp() string {
	var row []string
	for i := range 30 {
		row = append(row, fmt.Sprint(float64(i)/30))
	}
	return strings.Join(row, ",")
}

// TestPredictions compares predictions with those of MLflow 3.17.2's scoring server.
func TestPredictions(t *testing.T) {
	t.Parallel()
	columns := `"` + strings.Join(strings.Fields(strings.Repeat("c ", 30)), `","`) + `"`
	onnx := Handler(open(t, "mlflow_onnx"), slog.New(slog.DiscardHandler))
	for _, request := range [][2]string{
		{"application/json", `{"inputs": [[` + ramp() + `]]}`},
		{"application/json; charset=utf-8", `{"instances": [[` + ramp() + `]]}`},
		{"", `{"dataframe_split": {"columns": [` + columns + `], "data": [[` + ramp() + `]]}}`},
		{"text/csv", strings.Repeat("c,", 29) + "c\n" + ramp() + "\n"},
		{"application/json", `{"inputs": {"x": [[` + ramp() + `]]}}`},
		{"application/json", `{"instances": [{"x": [` + ramp() + `]}]}`},
		{"application/json", `{"dataframe_records": [{"x": [` + ramp() + `]}]}`},
	} {
		body := strings.ReplaceAll(request[1], `"x"`, `"`+open(t, "mlflow_onnx").Inputs()[0].Name+`"`)
		status, text := post(t, onnx, request[0], body)
		var answer struct {
			Predictions map[string][][]float64 `json:"predictions"`
		}
		if err := json.Unmarshal([]byte(text), &answer); err != nil || status != http.StatusOK || len(answer.Predictions["linear_2"]) != 1 ||
			math.Abs(answer.Predictions["linear_2"][0][0]-0.03357584774494171) > 1e-6 {
			t.Errorf("%s %.60s: %d %s", request[0], body, status, text)
		}
	}
	example, err := os.ReadFile("../../models/testdata/mlflow_torch/serving_input_example.json")
	if err != nil {
		t.Fatal(err)
	}
	status, text := post(t, Handler(open(t, "mlflow_torch"), slog.New(slog.DiscardHandler)), "application/json", string(example))
	var answer struct {
		Predictions [][]float64 `json:"predictions"`
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil || status != http.StatusOK || math.Abs(answer.Predictions[0][0]-0.07261823117733002) > 1e-6 {
		t.Errorf("PyTorch: %d %s", status, text)
	}
}

// TestColumns sends tables to a model whose signature has the columns a, b and c, and
// whose probabilities are maps. MLflow 3.17.2 returns the same.
func TestColumns(t *testing.T) {
	t.Parallel()
	h := Handler(open(t, "mlflow_columns"), slog.New(slog.DiscardHandler))
	var want string
	for _, request := range [][2]string{
		{"application/json", `{"dataframe_split": {"columns": ["a", "b", "c"], "data": [[0.5, 0.1, -0.5], [-0.5, 0, 0.25]]}}`},
		{"application/json", `{"dataframe_split": {"index": [0, 1], "columns": ["c", "x", "a", "b"], "data": [[-0.5, 9, 0.5, 0.1], [0.25, 9, -0.5, 0]]}}`},
		{"application/json", `{"dataframe_records": [{"c": -0.5, "b": 0.1, "a": 0.5}, {"a": -0.5, "b": 0, "c": 0.25}]}`},
		{"application/json", `{"instances": [{"c": -0.5, "b": 0.1, "a": 0.5}, {"a": -0.5, "b": 0, "c": 0.25}]}`},
		{"application/json", `{"inputs": {"b": [0.1, 0], "a": [0.5, -0.5], "c": [-0.5, 0.25]}}`},
		{"text/csv", "b,a,c\n0.1,0.5,-0.5\n0,-0.5,0.25\n"},
	} {
		status, text := post(t, h, request[0], request[1])
		var answer struct {
			Predictions []struct {
				Label       string             `json:"output_label"`
				Probability map[string]float64 `json:"output_probability"`
			} `json:"predictions"`
		}
		if err := json.Unmarshal([]byte(text), &answer); err != nil || status != http.StatusOK || len(answer.Predictions) != 2 ||
			answer.Predictions[0].Label != "yes" || answer.Predictions[1].Label != "no" || answer.Predictions[0].Probability["yes"] < 0.5 {
			t.Errorf("%s: %d %s", request[1], status, text)
		}
		if want == "" {
			want = text
		}
		if text != want {
			t.Errorf("%s: %s, want %s", request[1], text, want)
		}
	}
	for _, body := range []string{
		`{"dataframe_split": {"columns": ["a", "b"], "data": [[0.5, 0.1]]}}`, `{"dataframe_records": [{"a": 1, "b": 2}]}`, `{"dataframe_records": [{"a": 1, "b": 2, "d": 3}, {"d": 1}]}`, `{"inputs": {"a": [1], "b": [1, 2], "c": [1]}}`,
	} {
		if status, text := post(t, h, "application/json", body); status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", body, status, text)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	var manyKeys string
	for i := range 600 {
		manyKeys += fmt.Sprintf(`"k%d": 1, `, i)
	}
	manyKeys += `"a": 1`
	h := Handler(open(t, "mlflow_onnx"), slog.New(slog.DiscardHandler))
	for _, test := range []struct {
		contentType, body, code string
		status                  int
	}{
		{"application/json", `{"foo": 1}`, "BAD_REQUEST", 400},
		{"application/json", `{"inputs": [[1]], "instances": [[1]]}`, "BAD_REQUEST", 400},
		{"application/json", `[1]`, "BAD_REQUEST", 400},
		{"application/json", `{`, "BAD_REQUEST", 400},
		{"application/json", ``, "BAD_REQUEST", 400},
		{"application/json", `{"inputs": [[1, 2]]}`, "INVALID_PARAMETER_VALUE", 400},
		{"application/json", `{"inputs": [["a"]]}`, "INVALID_PARAMETER_VALUE", 400},
		{"application/json", `{"inputs": {"nobody": [[1]]}}`, "INVALID_PARAMETER_VALUE", 400},
		{"application/json", `{"inputs": ` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `}`, "INVALID_PARAMETER_VALUE", 400},
		{"application/json", `{"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}`, "INVALID_PARAMETER_VALUE", 400},
		{"application/json", `{"dataframe_records": []}`, "INVALID_PARAMETER_VALUE", 400},
		{"application/json", `{"dataframe_records": [{"a": 1}]}`, "INVALID_PARAMETER_VALUE", 400},
		{"application/json", `{"instances": []}`, "INVALID_PARAMETER_VALUE", 400},
		{"application/json", `{"dataframe_split": {"columns": ["a"], "data": 5}}`, "BAD_REQUEST", 400},
		{"application/json", `{"dataframe_split": {"columns": ["a"], "data": [5]}}`, "BAD_REQUEST", 400},
		{"application/json", `{"dataframe_split": {"data": [[` + strings.Repeat(`"1",`, 500_001) + `1]]}}`, "BAD_REQUEST", 413},
		{"application/json", `{"dataframe_split": {"data": [[` + strings.Repeat("1,", 500_001) + `1]]}}`, "INVALID_PARAMETER_VALUE", 400},
		{"application/json", `{"dataframe_records": [` + strings.Repeat(`{"a": 1},`, 1000) + `{` + manyKeys + `}]}`, "BAD_REQUEST", 413},
		{"text/csv", strings.Repeat("a,", 700) + "b\n" + strings.Repeat("1\n", 1000), "BAD_REQUEST", 413},
		{"application/json", `{"dataframe_split": {"columns": ["a"], "data": [["[,]\""]]}}`, "INVALID_PARAMETER_VALUE", 400},
		{"application/json", `{"dataframe_split": {"columns": ["a"]}}`, "BAD_REQUEST", 400},
		{"application/json", `{"dataframe_records": {"a": {"b": 1}}}`, "BAD_REQUEST", 400},
		{"application/json", `{"dataframe_records": [null]}`, "BAD_REQUEST", 400},
		{"application/json", `{"instances": [{"a": 1}, 5]}`, "INVALID_PARAMETER_VALUE", 400},
		{"application/json", `{"inputs": [[1, 2]], "x": tru}`, "BAD_REQUEST", 400},
		{"application/json", `{"x": ` + strings.Repeat("[", 100_000) + `}`, "BAD_REQUEST", 400},
		{"application/json", `{"inputs": "` + "\x01" + `"}`, "BAD_REQUEST", 400},
		{"text/csv", "a,b\n1\n", "INVALID_PARAMETER_VALUE", 400},
		{"text/csv", "", "BAD_REQUEST", 400},
		{"text/csv", "a,b\n1,x\n", "INVALID_PARAMETER_VALUE", 400},
		{"text/csv", "a,b\n", "INVALID_PARAMETER_VALUE", 400},
		{"text/plain", "x", "BAD_REQUEST", 415},
		{"a/b/c", "x", "BAD_REQUEST", 415},
	} {
		status, text := post(t, h, test.contentType, test.body)
		var e struct {
			Code    string `json:"error_code"`
			Message string `json:"message"`
		}
		if err := json.Unmarshal([]byte(text), &e); err != nil || status != test.status || e.Code != test.code || e.Message == "" {
			t.Errorf("%s %.60s: %d %s", test.contentType, test.body, status, text)
		}
	}
}

func TestServe(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	ready, ended := make(chan string, 1), make(chan error, 1)
	m := open(t, "mlflow_onnx")
	go func() {
		s := New(m, Options{Log: slog.New(slog.DiscardHandler)})
		ended <- s.Serve(ctx, "127.0.0.1:0", func(url string) { ready <- url })
	}()
	url := <-ready
	for request, want := range map[string]int{"GET /invocations": 405, "GET /none": 404, "POST //invocations": 404} {
		method, path, _ := strings.Cut(request, " ")
		req, err := http.NewRequestWithContext(t.Context(), method, url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var e struct {
			Code string `json:"error_code"`
		}
		err = json.NewDecoder(resp.Body).Decode(&e)
		if resp.Body.Close(); err != nil || resp.StatusCode != want || e.Code == "" {
			t.Errorf("%s: %d %v %v", request, resp.StatusCode, e, err)
		}
	}
	for path, want := range map[string]string{"/ping": "\n", "/health": "\n", "/version": "3.17.2", "/livez": stateOK, "/readyz": stateOK} {
		resp, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		if resp.Body.Close(); err != nil || resp.StatusCode != http.StatusOK || string(text) != want {
			t.Errorf("%s: %d %q %v", path, resp.StatusCode, text, err)
		}
	}
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Error("the server does not end")
	}
}

// TestZippedRequests sends requests with a Content-Encoding.
func TestZippedRequests(t *testing.T) {
	t.Parallel()
	h := Handler(open(t, "mlflow_onnx"), slog.New(slog.DiscardHandler))
	zip := func(text string) string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, err := io.WriteString(w, text)
		if err := errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	good := `{"inputs": [[` + ramp() + `]]}`
	for _, c := range []struct {
		coding, body string
		status       int
	}{
		{"gzip", zip(good), http.StatusOK},
		{"identity", good, http.StatusOK},
		{"gzip", good, http.StatusBadRequest},
		{"gzip", zip(strings.Repeat(" ", 64<<20)), http.StatusRequestEntityTooLarge},
		{"br", good, http.StatusUnsupportedMediaType},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/invocations", strings.NewReader(c.body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Content-Encoding", c.coding)
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != c.status {
			t.Errorf("%s: %d %s", c.coding, w.Code, w.Body)
		}
	}
}
