package artifacttest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/mlflow"
)

func fileBesideFolder(t *testing.T, r artifact.Repo) {
	put(t, r, "a", "file")
	put(t, r, "a/b", "below")
	wantList(t, r, "", "a 4", "a/")
	if got := read(t, r, "a") + read(t, r, "a/b"); got != "filebelow" {
		t.Errorf("got %q", got)
	}
	if info, err := r.Stat(t.Context(), "a"); err != nil || info.IsDir {
		t.Errorf("a is %+v, %v; want the file", info, err)
	}
	if err := r.Delete(t.Context(), "a"); err != nil {
		t.Error(err)
	}
	wantList(t, r, "")
}

// readerRefusesMix replaces a file that is open. The reader gets the old contents, or an error.
func readerRefusesMix(t *testing.T, r artifact.Repo) {
	old := strings.Repeat("old ", 1<<20)
	put(t, r, "f", old)
	f, err := r.Open(t.Context(), "f")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // Closing a file that was read cannot lose data.
	put(t, r, "f", strings.Repeat("new ", 1<<20))
	if _, err := f.Seek(2<<20, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(f)
	if err == nil && string(b) != old[2<<20:] {
		t.Errorf("%d bytes that are not those of the opened file, and no error", len(b))
	}
}

func noFileAtRoot(t *testing.T, r artifact.Repo) {
	wantCode(t, "put the root", r.Put(t.Context(), "", strings.NewReader("y")), mlflow.InvalidParameterValue)
	wantList(t, r, "")
}

// pagesOfList has more files than stores return in one answer.
func pagesOfList(t *testing.T, r artifact.Repo) {
	const files = 1100
	for i := range files {
		put(t, r, fmt.Sprintf("many/f%04d", i), "")
	}
	list, err := r.List(t.Context(), "many")
	if err != nil || len(list) != files || list[0].Path != "many/f0000" || list[files-1].Path != "many/f1099" {
		t.Errorf("%d files, %v", len(list), err)
	}
	if err := r.Delete(t.Context(), "many"); err != nil {
		t.Error(err)
	}
	wantList(t, r, "")
}

// brokenBody has the error of a request whose body ends too early, which io.ReadFull also uses for a short last part.
func brokenBody(t *testing.T, r artifact.Repo) {
	for name, size := range map[string]int{"nothing": 0, "little": 1000, "one part": 5 << 20, "parts": 20 << 20} {
		src := io.MultiReader(bytes.NewReader(make([]byte, size)), iotest.ErrReader(io.ErrUnexpectedEOF))
		if err := r.Put(t.Context(), "f", src); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: error %v, want the reader's", name, err)
		}
	}
	wantList(t, r, "")
}

// partSizes stores files of sizes at the borders of parts.
func partSizes(t *testing.T, r artifact.Repo) {
	const part = 5 << 20
	for _, size := range []int{part - 1, part, part + 1, 2*part + 1} {
		content := bytes.Repeat([]byte("0123456789abcdef"), size/16+1)[:size]
		put(t, r, "f", string(content))
		if got := read(t, r, "f"); got != string(content) {
			t.Errorf("%d bytes: got %d other ones", size, len(got))
		}
	}
}
