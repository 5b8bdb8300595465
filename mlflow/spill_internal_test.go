package mlflow

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func newSpill(t *testing.T, limit int64) *spill {
	t.Helper()
	s := NewClient("http://user:secret@tracking.example/base", WithSpill(t.TempDir(), limit)).spillOf("../../r")
	t.Cleanup(func() { _ = s.close() })
	return s
}

func batchOf(step int64) *spillLine {
	return &spillLine{values: values{Metrics: []Metric{{Key: "loss", Value: math.Inf(1), Step: step, Timestamp: 1}}, Tags: []Tag{{Key: "k", Value: "a\nb"}}}}
}

// TestSpillIsAQueue checks that lines are read in the order in which they were written,
// also while others are written, and that the file stays within its limit.
func TestSpillIsAQueue(t *testing.T) {
	t.Parallel()
	const limit = 2000
	s := newSpill(t, limit)
	in, out := int64(0), int64(0)
	for round := range 2000 {
		if round%3 != 2 {
			err := s.add(batchOf(in))
			if err == nil {
				in++
			} else if !errors.Is(err, errSpillFull) || in-out < 5 {
				t.Fatalf("%d of %d lines are out, then %v", out, in, err)
			}
			if info, err := os.Stat(s.name); err != nil || info.Size() > limit || strings.Contains(filepath.Base(s.name), "/") {
				t.Fatalf("%s is %+v, %v", s.name, info, err)
			}
		}
		if round%2 == 0 || s.empty() {
			continue
		}
		line, err := s.oldest()
		if err != nil || !reflect.DeepEqual(line, batchOf(out)) {
			t.Fatalf("line %d is %+v, %v", out, line, err)
		}
		if err := s.remove(line.len()); err != nil {
			t.Fatal(err)
		}
		out++
		if s.count != int(in-out)*2 {
			t.Fatalf("%d values wait of %d lines", s.count, in-out)
		}
	}
	if out < 500 {
		t.Errorf("%d lines were taken out", out)
	}
}

// TestSpillFiles checks that a file contains no password, is not opened twice, and is
// read up to its last complete line.
func TestSpillFiles(t *testing.T) {
	t.Parallel()
	for _, torn := range []string{"", "{", `{"metrics":[{"key":"x"`, strings.Repeat("x", 200_000)} {
		s := newSpill(t, 1<<20)
		for i := range int64(3000) {
			if err := s.add(batchOf(i)); err != nil {
				t.Fatal(err)
			}
		}
		name := s.name
		if other, err := openSpill(name); other != nil || err != nil {
			t.Errorf("a file in use is opened: %v", err)
		}
		if _, err := s.file.WriteAt([]byte(torn), s.size); err != nil {
			t.Fatal(err)
		}
		if err := s.file.Close(); err != nil { // as at the end of the program
			t.Fatal(err)
		}
		s.file = nil
		got, err := openSpill(name)
		if err != nil {
			t.Fatal(err)
		}
		if want := (spillOwner{"http://tracking.example/base", "../../r"}); got.owner != want {
			t.Errorf("owner %+v", got.owner)
		}
		lines := int64(0)
		for ; !got.empty(); lines++ {
			line, err := got.oldest()
			if err != nil || line.Metrics[0].Step != lines {
				t.Fatalf("line %d is %+v, %v", lines, line, err)
			}
			if err := got.remove(line.len()); err != nil {
				t.Fatal(err)
			}
		}
		if err := got.close(); err != nil || lines != 3000 {
			t.Errorf("%d lines, %v", lines, err)
		}
		if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the file is still there: %v", err)
		}
	}
}

// TestForeignFiles checks that other files in the directory remain.
func TestForeignFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i, text := range []string{"", "hello", "hello\n", "{}\n", "{}\n{}\n", `{"tracking_uri":"http://other.example","run_id":"r"}` + "\n{}\n"} {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.jsonl", i)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list, err := NewClient("http://tracking.example", WithSpill(dir, 1)).Deliver(t.Context(), "")
	if len(list) != 0 || err == nil || !strings.Contains(err.Error(), "2.jsonl") {
		t.Errorf("delivered %+v, %v", list, err)
	}
	for i := 1; i < 6; i++ {
		if _, err := os.Stat(filepath.Join(dir, fmt.Sprintf("%d.jsonl", i))); err != nil {
			t.Error(err)
		}
	}
}
