// Package archive writes the files of a folder as a ZIP file, without a temporary copy.
package archive

import (
	"archive/zip"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/mlflow"
)

// MaxFiles is the number of files that an archive can have. The directory at its end is in
// memory while the archive is written.
const MaxFiles = 100_000

// Folder is a folder whose files can be written as an archive.
type Folder struct {
	repo    artifact.Repo
	dir     string
	entries []artifact.Entry
}

// Open lists the files of a folder. Files that cannot be opened, such as links that lead
// outside of the store, are left out. The error is ResourceDoesNotExist if there is no file.
func Open(ctx context.Context, repo artifact.Repo, dir string) (*Folder, error) {
	walker, ok := repo.(artifact.Walker)
	if !ok {
		return nil, errors.New("the store cannot list all files of a folder")
	}
	f := &Folder{repo: repo, dir: dir}
	for e, err := range walker.Walk(ctx, dir) {
		if err != nil {
			return nil, err
		}
		if e.LeftOut != "" {
			continue
		}
		if len(f.entries) == MaxFiles {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue,
				"The folder has more than %d files. Download a folder in it, or use `millrace artifacts`.", MaxFiles)
		}
		f.entries = append(f.entries, e)
	}
	if len(f.entries) == 0 {
		return nil, artifact.NotFound(dir)
	}
	return f, nil
}

// Write writes the archive to w. Its files are in a folder with the given name, in the
// order of their paths, with their times; the same files give the same bytes. After an
// error, what was written is no complete archive.
func (f *Folder) Write(ctx context.Context, w io.Writer, name string) error {
	z := zip.NewWriter(w)
	level := flate.NoCompression
	// Readers of streams need the form of deflate, which tells them where a file ends, even
	// if nothing is compressed.
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, level) })
	for _, e := range f.entries {
		level = flate.NoCompression
		if compressible(e.Path) {
			level = flate.BestSpeed
		}
		if err := f.add(ctx, z, name, e); err != nil {
			return err
		}
	}
	return z.Close()
}

func (f *Folder) add(ctx context.Context, z *zip.Writer, name string, e artifact.Entry) error {
	below := strings.TrimPrefix(strings.TrimPrefix(e.Path, f.dir), "/")
	out, err := z.CreateHeader(&zip.FileHeader{
		Name: name + "/" + below, Method: zip.Deflate, Modified: e.ModTime.UTC().Truncate(1e9),
	})
	if err != nil {
		return err
	}
	in, err := f.repo.Open(ctx, e.Path)
	if err != nil {
		return fmt.Errorf("%s: %w", e.Path, err)
	}
	// A file that grows has its size when it was opened. One that shrinks was not read as a whole.
	_, err = io.CopyN(out, in, in.Size)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if closed := in.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("%s: %w", e.Path, err)
	}
	return nil
}

// texts has the extensions of files that are worth compressing and are no media.
var texts = func() map[string]bool {
	const names = "csv tsv txt log out err json jsonl ipynb md html htm xml svg yaml yml py npy diff"
	set := map[string]bool{}
	for name := range strings.FieldsSeq(names) {
		set["."+name] = true
	}
	return set
}()

func compressible(name string) bool { return texts[strings.ToLower(path.Ext(name))] }
