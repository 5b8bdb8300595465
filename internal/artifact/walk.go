package artifact

import (
	"context"
	"io"
	"iter"
	"time"
)

// Entry is a file that a [Walker] found.
type Entry struct {
	Path    string
	Size    int64
	ModTime time.Time
	// LeftOut says why the file cannot be opened through a [Repo], or is "".
	LeftOut string
}

// Reasons why a walker leaves a file out.
const (
	LeftOutName = "its name cannot be the path of an artifact"
	LeftOutLink = "it is a link that is broken, leads outside of the store or leads to a folder that contains it"
	LeftOutKind = "it is not a regular file"
)

// Walker is a [Repo] that finds all files below a folder without a list of them in memory.
type Walker interface {
	// Walk returns the files below a folder in the order of the bytes of their paths. It returns no files for a file
	// or a missing path. Folders without files are not returned. After an error, the walk ends.
	Walk(ctx context.Context, dir string) iter.Seq2[Entry, error]
}

// Fingerprint computes a checksum of the bytes that are written to it.
type Fingerprint interface {
	io.Writer
	// Sum returns the checksum of the bytes that were written.
	Sum() string
}

// Fingerprinter is a [Repo] whose store computes checksums of files.
type Fingerprinter interface {
	// NewFingerprint returns a checksum in the form of StoredFingerprint, of a file that Put stores.
	NewFingerprint() Fingerprint
	// StoredFingerprint returns the checksum that the store has recorded for a file, or "" if it has recorded none. Two
	// files with equal checksums and equal sizes have the same contents. Files with different checksums may have the
	// same contents, because the checksum of some files depends on how they were stored.
	StoredFingerprint(ctx context.Context, path string) (string, error)
}
