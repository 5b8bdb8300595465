package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/mlflow"
)

// shell runs command lines against a server of its own.
type shell struct {
	t   *testing.T
	url string
}

func newShell(t *testing.T) *shell {
	t.Helper()
	dir := t.TempDir()
	url, _, stop := serve(t, "--backend-store-uri=sqlite:///"+filepath.Join(dir, "mlflow.db"), "--artifacts-destination="+filepath.Join(dir, "artifacts"))
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return &shell{t, url}
}

var shellWord = regexp.MustCompile(`'[^']*'|\S+`)

// try runs a line in which single quotes hold words together.
func (s *shell) try(line string) (string, error) {
	var args []string
	for _, word := range shellWord.FindAllString(line, -1) {
		args = append(args, strings.Trim(word, "'"))
	}
	if args[0] != "completion" {
		noun := 1
		if args[0] == "__complete" {
			noun = 2
		}
		args = slices.Insert(args, noun, "--tracking-uri", s.url)
	}
	var out bytes.Buffer
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(&out)
	root.SetErr(&bytes.Buffer{})
	err := root.ExecuteContext(s.t.Context())
	return out.String(), err
}

// run returns the output of a line that must succeed.
func (s *shell) run(line string) string {
	s.t.Helper()
	out, err := s.try(line)
	if err != nil {
		s.t.Fatalf("%s: %v", line, err)
	}
	return out
}

// expect runs lines in their order; each output matches its regular expression.
func (s *shell) expect(cases [][2]string) {
	s.t.Helper()
	for _, c := range cases {
		if out, err := s.try(c[0]); err != nil || !regexp.MustCompile(c[1]).MatchString(out) {
			s.t.Errorf("%s: %v\n%s\nwant %s", c[0], err, out, c[1])
		}
	}
}

// refuse runs lines that fail with an error of one line, which has the text.
func (s *shell) refuse(cases [][2]string) {
	s.t.Helper()
	for _, c := range cases {
		if out, err := s.try(c[0]); err == nil || !strings.Contains(err.Error(), c[1]) || strings.Contains(err.Error(), "\n") || out != "" {
			s.t.Errorf("%s: %v, want %s; output %s", c[0], err, c[1], out)
		}
	}
}

// startedRun makes a run with a param and three values of a metric.
func (s *shell) startedRun() string {
	s.t.Helper()
	m := mlflow.NewClient(s.url)
	run, err := m.CreateRun(s.t.Context(), &mlflow.CreateRunRequest{ExperimentID: "0", RunName: "trained", StartTime: 1})
	if err != nil {
		s.t.Fatal(err)
	}
	id, end := run.Info.RunID, int64(93_784_000)
	metrics := []mlflow.Metric{{Key: "loss", Value: 0.5, Timestamp: 10, Step: 1}, {Key: "loss", Value: 0.25, Timestamp: 20, Step: 2}, {Key: "rows", Value: 60000, Timestamp: 1}}
	if err := m.LogBatch(s.t.Context(), &mlflow.LogBatchRequest{RunID: id, Metrics: metrics, Params: []mlflow.Param{{Key: "lr", Value: "0.1"}}}); err != nil {
		s.t.Fatal(err)
	}
	if _, err := m.UpdateRun(s.t.Context(), &mlflow.UpdateRunRequest{RunID: id, Status: mlflow.RunFinished, EndTime: &end}); err != nil {
		s.t.Fatal(err)
	}
	return id
}

func (s *shell) write(name, text string) string {
	s.t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
	return name
}

func (s *shell) read(name string) string {
	s.t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

func TestArtifactsTransferBar(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	b := &transferBar{progress: newProgress(&out)}
	b.show(mlflow.Transfer{})
	b.every = 0
	b.show(mlflow.Transfer{Bytes: 1, TotalBytes: 2})
	if b.end(); out.Len() > 0 {
		t.Errorf("something is shown where there is no terminal: %q", &out)
	}
	b.terminal = true
	b.show(mlflow.Transfer{Upload: true, Path: "a\x1b/b.bin", Bytes: 1_500_000, TotalBytes: 3_000_000, Files: 1, TotalFiles: 2})
	if want := "\r\x1b[K[############............] uploading  50%  1.5 MB of 3.0 MB, 1 of 2 files  a\uFFFD/b.bin"; out.String() != want {
		t.Errorf("%q, want %q", &out, want)
	}
	if line := transferLine(mlflow.Transfer{Path: "f", Bytes: 5_000_000, TotalBytes: 20_000_000, TotalFiles: 1}, 2*time.Second); line != "downloading  25%  5.0 MB of 20.0 MB  2.5 MB a second, 6s left  f" {
		t.Error(line)
	}
	out.Reset()
	cmd := &cobra.Command{}
	cmd.SetOut(&out)
	if err := (&client{bar: b}).done(cmd, "Done."); err != nil || out.String() != "\r\x1b[KDone.\n" {
		t.Errorf("the bar stays: %v %q", err, &out)
	}
	if b.end(); out.String() != "\r\x1b[KDone.\n" {
		t.Errorf("it is taken away twice: %q", &out)
	}
}

func TestRunsTexts(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		duration(5, 0): "-", duration(5, 1): "-", duration(0, 12): "12ms", duration(0, 1234): "1.2s", duration(0, 61_499): "1m1s",
		duration(0, 3_700_000): "1h2m", duration(0, 93_600_000): "1d2h",
		byteText(0): "0 B", byteText(999): "999 B", byteText(1500): "1.5 kB", byteText(123_456): "123 kB", byteText(999_999): "1.0 MB", byteText(7e12): "7.0 TB",
		number(60000): "60000", number(0.1): "0.1", number(1e20): "1e+20",
		printable("a\tb\nc\x1b[31m"): "a b c\uFFFD[31m",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
