package local_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/mlflow"
)

// TestDamagedPart changes a part on the disk, as a power failure can. The file is not made.
func TestDamagedPart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := open(t, dir)
	id, err := r.BeginParts(t.Context(), "a/f")
	if err != nil {
		t.Fatal(err)
	}
	tag, err := r.PutPart(t.Context(), id, 1, strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	parts, err := filepath.Glob(filepath.Join(dir, ".millrace-parts", id, "1-*"))
	if err != nil || len(parts) != 1 {
		t.Fatal(parts, err)
	}
	if err := os.WriteFile(parts[0], []byte("hell"), 0o600); err != nil {
		t.Fatal(err)
	}
	err = r.CompleteParts(t.Context(), "a/f", id, []artifact.Part{{Number: 1, ETag: tag}})
	if !errors.Is(err, mlflow.InvalidParameterValue) {
		t.Errorf("completed with a damaged part: %v", err)
	}
	if files, err := r.List(t.Context(), ""); err != nil || len(files) != 0 {
		t.Errorf("%v, %v", files, err)
	}
	// The upload goes on with the part sent again.
	if tag, err = r.PutPart(t.Context(), id, 1, strings.NewReader("hello")); err != nil {
		t.Fatal(err)
	}
	if err := r.CompleteParts(t.Context(), "a/f", id, []artifact.Part{{Number: 1, ETag: tag}}); err != nil {
		t.Error(err)
	}
}

func TestAbortedAndExpiredUploads(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := open(t, dir)
	var ids []string
	for range 3 {
		id, err := r.BeginParts(t.Context(), "f")
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := r.AbortParts(t.Context(), "f", ids[0]); err != nil {
		t.Error(err)
	}
	old := time.Now().Add(-8 * 24 * time.Hour)
	if err := os.Chtimes(filepath.Join(dir, ".millrace-parts", ids[1]), old, old); err != nil {
		t.Fatal(err)
	}
	r = open(t, dir) // as a server that starts again
	for i, want := range []bool{false, false, true} {
		_, err := r.PutPart(t.Context(), ids[i], 1, strings.NewReader("x"))
		if (err == nil) != want || err != nil && !errors.Is(err, mlflow.ResourceDoesNotExist) {
			t.Errorf("upload %d: %v", i, err)
		}
	}
	for _, id := range []string{"", "..", ids[2] + "/..", strings.ToLower(ids[2]), strings.Repeat("A", 26)} {
		if _, err := r.PutPart(t.Context(), id, 1, strings.NewReader("x")); !errors.Is(err, mlflow.ResourceDoesNotExist) {
			t.Errorf("upload %q: %v", id, err)
		}
	}
}

// TestBrokenPart breaks off a part. The earlier part with the number stays.
func TestBrokenPart(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	id, err := r.BeginParts(t.Context(), "f")
	if err != nil {
		t.Fatal(err)
	}
	tag, err := r.PutPart(t.Context(), id, 1, strings.NewReader("whole"))
	if err != nil {
		t.Fatal(err)
	}
	broken := io.MultiReader(strings.NewReader("ha"), readerThatFails{})
	if _, err := r.PutPart(t.Context(), id, 1, broken); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("broken part: %v", err)
	}
	if err := r.CompleteParts(t.Context(), "f", id, []artifact.Part{{Number: 1, ETag: tag}}); err != nil {
		t.Error(err)
	}
	f, err := r.Open(t.Context(), "f")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // Closing a file that was read cannot lose data.
	if text, err := io.ReadAll(f); err != nil || string(text) != "whole" {
		t.Errorf("%q, %v", text, err)
	}
}

type readerThatFails struct{}

func (readerThatFails) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
