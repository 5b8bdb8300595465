package copying

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/mlflow"
)

// errChanged is the error of a file that was written while it was copied.
var errChanged = errors.New("it changed while it was copied")

// sums are checksums of the bytes of a source.
type sums struct {
	sha256 hash.Hash
	// stored computes the checksum that the target records, nil if it records none.
	stored artifact.Fingerprint
	size   int64
}

func (c *copier) newSums() *sums {
	s := &sums{sha256: sha256.New()}
	if f, ok := c.to.(artifact.Fingerprinter); ok {
		s.stored = f.NewFingerprint()
	}
	return s
}

func (s *sums) Write(p []byte) (int, error) {
	s.size += int64(len(p))
	s.sha256.Write(p)
	if s.stored != nil {
		return s.stored.Write(p)
	}
	return len(p), nil
}

// transfer makes the file at path in the target equal to that in the source. exists is whether the target has a file of
// the same size. same is whether the target had the same file already.
func (c *copier) transfer(ctx context.Context, path string, exists bool) (same bool, size int64, err error) {
	if exists {
		if same, size, err = c.compare(ctx, path); same || err != nil {
			return same, size, err
		}
	}
	s := c.newSums()
	err = c.read(ctx, path, func(r io.Reader) error {
		return c.to.Put(ctx, path, io.TeeReader(r, s))
	}, s)
	if err != nil {
		return false, 0, err
	}
	equal, err := c.targetHas(ctx, path, s)
	if err == nil && !equal {
		err = errors.New("the copy differs from the source")
	}
	return false, s.size, err
}

// compare reports whether a file of the target has the same contents as that of the source, which has the same size.
func (c *copier) compare(ctx context.Context, path string) (same bool, size int64, err error) {
	if same, size, err = c.compareStored(ctx, path); same || err != nil {
		return same, size, err
	}
	s := c.newSums()
	err = c.read(ctx, path, func(r io.Reader) error {
		_, err := io.Copy(s, r)
		return err
	}, s)
	if err != nil {
		return false, 0, err
	}
	same, err = c.targetHas(ctx, path, s)
	return same, s.size, err
}

// compareStored compares the checksums that the stores have recorded, without reading the files.
func (c *copier) compareStored(ctx context.Context, path string) (same bool, size int64, err error) {
	from, ok1 := c.from.(artifact.Fingerprinter)
	to, ok2 := c.to.(artifact.Fingerprinter)
	if !ok1 || !ok2 {
		return false, 0, nil
	}
	a, err := from.StoredFingerprint(ctx, path)
	if err != nil || a == "" {
		return false, 0, err
	}
	b, err := to.StoredFingerprint(ctx, path)
	if err != nil || a != b {
		return false, 0, err
	}
	info, err := c.from.Stat(ctx, path)
	if err != nil {
		return false, 0, err
	}
	other, err := c.to.Stat(ctx, path)
	return err == nil && info.Size == other.Size, info.Size, err
}

// read calls use with the contents of a file of the source, which use writes to s. The error is errChanged if the file
// is not the same before and after it.
func (c *copier) read(ctx context.Context, path string, use func(io.Reader) error, s *sums) error {
	f, err := c.from.Open(ctx, path)
	if errors.Is(err, mlflow.ResourceDoesNotExist) {
		return errChanged
	}
	if err != nil {
		return fmt.Errorf("reading the source: %w", err)
	}
	err = use(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	info, err := c.from.Stat(ctx, path)
	switch {
	case errors.Is(err, mlflow.ResourceDoesNotExist):
		return errChanged
	case err != nil:
		return fmt.Errorf("reading the source: %w", err)
	case s.size != f.Size || info.Size != f.Size || info.IsDir || !sameTime(info.ModTime, f.ModTime):
		return errChanged
	}
	return nil
}

// sameTime compares times of one file. Some stores return seconds for one request and fractions for another.
func sameTime(a, b time.Time) bool {
	if a.Nanosecond() == 0 || b.Nanosecond() == 0 {
		return a.Truncate(time.Second).Equal(b.Truncate(time.Second))
	}
	return a.Equal(b)
}

// targetHas reports whether a file of the target has the given checksums. If the checksum of the store does not prove
// it, the file is read.
func (c *copier) targetHas(ctx context.Context, path string, s *sums) (bool, error) {
	if f, ok := c.to.(artifact.Fingerprinter); ok {
		stored, err := f.StoredFingerprint(ctx, path)
		if err != nil {
			return false, fmt.Errorf("verifying the copy: %w", err)
		}
		if stored != "" && stored == s.stored.Sum() {
			return true, nil
		}
	}
	f, err := c.to.Open(ctx, path)
	if err != nil {
		return false, fmt.Errorf("verifying the copy: %w", err)
	}
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	if err := errors.Join(err, f.Close()); err != nil {
		return false, fmt.Errorf("verifying the copy: %w", err)
	}
	return n == s.size && string(sum.Sum(nil)) == string(s.sha256.Sum(nil)), nil
}
