package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

// ledger records what the server has acknowledged.
type ledger struct {
	mu    sync.Mutex
	steps map[string]map[int64]bool // steps of batches by run
	files map[string]int            // sizes of artifacts by path
}

func newLedger() *ledger { return &ledger{steps: map[string]map[int64]bool{}, files: map[string]int{}} }

// anyRun returns one of the runs, or "".
func (l *ledger) anyRun() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for run := range l.steps {
		return run
	}
	return ""
}

// write logs batches of two metrics and a tag to its own runs.
func (s *soak) write(ctx context.Context, log *ledger) {
	for ctx.Err() == nil {
		var made struct{ Run mlflow.Run }
		if s.post(ctx, "runs/create", `{"experiment_id":"0"}`, &made) != nil {
			s.rest(ctx)
			continue
		}
		run := made.Run.Info.RunID
		steps := map[int64]bool{}
		log.mu.Lock()
		log.steps[run] = steps
		log.mu.Unlock()
		for step := range int64(2000) {
			body := fmt.Sprintf(
				`{"run_id":"%s","metrics":[{"key":"a","value":1,"timestamp":1,"step":%d},`+
					`{"key":"b","value":1,"timestamp":1,"step":%d}],"tags":[{"key":"t","value":"%d"}]}`,
				run,
				step,
				step,
				step,
			)
			switch err := s.post(ctx, "runs/log-batch", body, nil); {
			case err == nil:
				s.writes.Add(1)
				log.mu.Lock()
				steps[step] = true
				log.mu.Unlock()
			case ctx.Err() != nil:
				return
			default:
				s.rest(ctx)
			}
		}
	}
}

// readAndHangUp searches and reads, and disconnects during half of its requests.
func (s *soak) readAndHangUp(ctx context.Context, log *ledger) {
	for ctx.Err() == nil {
		run := log.anyRun()
		if run == "" {
			s.rest(ctx)
			continue
		}
		patience := time.Minute
		if rand.IntN(2) == 0 {
			patience = time.Duration(rand.IntN(5000)) * time.Microsecond
		}
		own, cancel := context.WithTimeout(ctx, patience)
		var err error
		switch rand.IntN(4) {
		case 0:
			err = s.post(
				own,
				"runs/search",
				`{"experiment_ids":["0"],"max_results":50,"filter":"metrics.a >= 0 AND tags.t != 'x'"}`,
				nil,
			)
		case 1:
			_, err = s.get(own, "/api/2.0/mlflow/metrics/get-history?metric_key=a&max_results=1000&run_id="+run)
		case 2:
			_, err = s.get(own, "/api/2.0/mlflow/metrics/get-history-bulk-interval?metric_key=a&run_ids="+run)
		default:
			_, err = s.get(own, "/api/2.0/mlflow/runs/get?run_id="+run)
		}
		switch {
		case err == nil:
			s.reads.Add(1)
		case own.Err() != nil:
			s.hangUps.Add(1)
		default:
			s.rest(ctx)
		}
		cancel()
	}
}

const uploadSize = 4 << 20

// upload uploads files, and cuts every other one in the middle.
func (s *soak) upload(ctx context.Context, log *ledger, client int) {
	data := bytes.Repeat([]byte("millrace"), uploadSize/8)
	for i := 0; ctx.Err() == nil; i++ {
		path := fmt.Sprintf("soak/%d/%d.bin", client, i)
		var body io.Reader = bytes.NewReader(data)
		if i%2 == 1 {
			body = io.MultiReader(bytes.NewReader(data[:rand.IntN(uploadSize)]), brokenReader{})
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPut, s.url+"/api/2.0/mlflow-artifacts/artifacts/"+path, body)
		if err != nil {
			s.note(err.Error())
			return
		}
		req.ContentLength = uploadSize
		_, err = s.answer(req, nil)
		switch {
		case err == nil:
			s.uploads.Add(1)
			log.mu.Lock()
			log.files[path] = uploadSize
			log.mu.Unlock()
		case errors.Is(err, errCut):
			s.cut.Add(1)
		}
		s.rest(ctx)
	}
}

// brokenReader is the end of an upload whose client disconnects.
type brokenReader struct{}

var errCut = errors.New("the upload is cut")

// Read implements io.Reader.
func (brokenReader) Read([]byte) (int, error) { return 0, errCut }

// rest waits after a failure.
func (s *soak) rest(ctx context.Context) {
	select {
	case <-time.After(100 * time.Millisecond):
	case <-ctx.Done():
	}
}

func (s *soak) post(ctx context.Context, route, body string, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/api/2.0/mlflow/"+route, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	_, err = s.answer(req, out)
	return err
}

func (s *soak) get(ctx context.Context, path string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, http.NoBody)
	if err != nil {
		return "", err
	}
	return s.answer(req, nil)
}

// answer sends a request and counts a failure, unless the client canceled it.
func (s *soak) answer(req *http.Request, out any) (string, error) {
	resp, err := s.http.Do(req)
	if err != nil {
		if req.Context().Err() == nil && !errors.Is(err, errCut) {
			s.note("no answer")
		}
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	if resp.StatusCode >= http.StatusBadRequest {
		s.note(noteStatus(resp.StatusCode))
		return "", fmt.Errorf("%s: %s", resp.Status, body)
	}
	if out != nil {
		err = json.Unmarshal(body, out)
	}
	return string(body), err
}

// verify counts acknowledged data that is missing or incomplete.
func (l *ledger) verify(ctx context.Context, url string) (lost int, err error) {
	client := mlflow.NewClient(url)
	for run, steps := range l.steps {
		var stored [2]map[int64]bool
		for i, key := range []string{"a", "b"} {
			stored[i] = map[int64]bool{}
			for m, err := range client.AllMetricValues(ctx, run, key) {
				if err != nil {
					return lost, err
				}
				stored[i][m.Step] = true
			}
		}
		for step := range steps {
			if !stored[0][step] {
				lost++
			}
		}
		for step := range stored[0] {
			if !stored[1][step] {
				lost++
			}
		}
	}
	for path, size := range l.files {
		resp, err := http.Get(url + "/api/2.0/mlflow-artifacts/artifacts/" + path) //nolint:noctx // The program ends soon.
		if err != nil {
			return lost, err
		}
		n, err := io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if err != nil || n != int64(size) || resp.StatusCode != http.StatusOK {
			lost++
		}
	}
	return lost, nil
}
