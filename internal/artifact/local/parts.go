package local

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/mlflow"
)

// partsDir has a directory for each upload in parts. It contains a file with the path of
// the upload, and the parts. The name of a part is its number and its checksum, so that a
// part that was damaged by a power failure is recognized when the file is made.
const partsDir = ".millrace-parts"

// pathFile is the file with the path of an upload.
const pathFile = "path"

// partsAge is the age after which an upload without new parts is removed.
const partsAge = 7 * 24 * time.Hour

var _ artifact.PartStore = (*Repo)(nil)

var (
	uploadID = regexp.MustCompile(`^[A-Z2-7]{26}$`)
	etagText = regexp.MustCompile(`^"?([0-9a-f]{64})"?$`)
)

func noUpload() error {
	return mlflow.Errorf(mlflow.ResourceDoesNotExist, "There is no such upload; it was completed, aborted or has expired.")
}

// BeginParts implements artifact.PartStore.
func (r *Repo) BeginParts(_ context.Context, p string) (string, error) {
	if err := r.mayPut(p); err != nil {
		return "", err
	}
	id := rand.Text()
	if err := r.root.MkdirAll(partsDir+"/"+id, dirMode); err != nil {
		return "", putError(p, err)
	}
	f, err := r.root.OpenFile(path.Join(partsDir, id, pathFile), os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return "", putError(p, err)
	}
	_, err = io.WriteString(f, p)
	if err := errors.Join(err, f.Close()); err != nil {
		return "", putError(p, err)
	}
	return id, nil
}

// upload returns the directory and the path of an upload.
func (r *Repo) upload(id string) (dir, p string, err error) {
	if !uploadID.MatchString(id) {
		return "", "", noUpload()
	}
	dir = partsDir + "/" + id
	text, err := r.root.ReadFile(dir + "/" + pathFile)
	if errors.Is(err, fs.ErrNotExist) {
		return "", "", noUpload()
	}
	return dir, string(text), err
}

// PutPart implements artifact.PartStore.
func (r *Repo) PutPart(ctx context.Context, id string, number int32, src io.Reader) (etag string, err error) {
	dir, p, err := r.upload(id)
	if err != nil {
		return "", err
	}
	temp := dir + "/" + rand.Text()
	f, err := r.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return "", putError(p, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreMissing(r.root.Remove(temp)))
		}
	}()
	sum := sha256.New()
	written := &writeErrors{f: f}
	if _, err := io.Copy(io.MultiWriter(written, sum), &contextReader{ctx, src}); err != nil {
		closeErr := f.Close()
		if written.err != nil {
			return "", putError(p, written.err)
		}
		return "", errors.Join(fmt.Errorf("read a part of artifact %q: %w", p, err), closeErr)
	}
	if err := f.Close(); err != nil {
		return "", putError(p, err)
	}
	name := partName(number, hex.EncodeToString(sum.Sum(nil)))
	if err := r.root.Rename(temp, dir+"/"+name); err != nil {
		if errors.Is(err, fs.ErrNotExist) { // The upload was aborted.
			return "", noUpload()
		}
		return "", putError(p, err)
	}
	_, sumText, _ := strings.Cut(name, "-")
	return `"` + sumText + `"`, nil
}

func partName(number int32, sum string) string {
	return strconv.Itoa(int(number)) + "-" + sum
}

// CompleteParts implements artifact.PartStore.
func (r *Repo) CompleteParts(ctx context.Context, p, id string, parts []artifact.Part) error {
	dir, of, err := r.upload(id)
	if err != nil {
		return err
	}
	if of != p {
		return noUpload()
	}
	byNumber := func(a, b artifact.Part) int { return cmp.Compare(a.Number, b.Number) }
	parts = slices.SortedFunc(slices.Values(parts), byNumber)
	src := &partsReader{repo: r, dir: dir}
	for i, part := range parts {
		m := etagText.FindStringSubmatch(part.ETag)
		if m == nil || i > 0 && parts[i-1].Number == part.Number {
			return badPart(part.Number)
		}
		if _, err := r.root.Stat(dir + "/" + partName(part.Number, m[1])); err != nil {
			return badPart(part.Number)
		}
		src.left = append(src.left, artifact.Part{Number: part.Number, ETag: m[1]})
	}
	err = r.Put(ctx, p, src)
	if err := errors.Join(err, src.Close()); err != nil {
		return err
	}
	_ = r.root.RemoveAll(dir) // Best effort: the parts of completed uploads expire.
	return nil
}

func badPart(number int32) error {
	return mlflow.Errorf(mlflow.InvalidParameterValue,
		"Part %d of the upload is missing, is listed twice, or has another entity tag.", number)
}

// AbortParts implements artifact.PartStore.
func (r *Repo) AbortParts(_ context.Context, p, id string) error {
	dir, of, err := r.upload(id)
	if err != nil {
		return err
	}
	if of != p {
		return noUpload()
	}
	// The file with the path goes first, so that no parts are added.
	return errors.Join(ignoreMissing(r.root.Remove(dir+"/"+pathFile)), r.root.RemoveAll(dir))
}

// partsReader reads parts one after the other and verifies their checksums.
type partsReader struct {
	repo *Repo
	dir  string
	left []artifact.Part // with plain checksums
	file *os.File
	sum  hash.Hash
}

func (r *partsReader) Read(b []byte) (int, error) {
	for {
		if len(r.left) == 0 {
			return 0, io.EOF
		}
		if r.file == nil {
			f, err := r.repo.root.Open(r.dir + "/" + partName(r.left[0].Number, r.left[0].ETag))
			if err != nil {
				return 0, err
			}
			r.file, r.sum = f, sha256.New()
		}
		n, err := r.file.Read(b)
		r.sum.Write(b[:n])
		if errors.Is(err, io.EOF) {
			if err = r.next(); n == 0 && err == nil {
				continue
			}
		}
		return n, err
	}
}

// next verifies the part that has been read and goes to the next one.
func (r *partsReader) next() error {
	part := r.left[0]
	r.left = r.left[1:]
	if err := r.Close(); err != nil {
		return err
	}
	if hex.EncodeToString(r.sum.Sum(nil)) != part.ETag {
		return badPart(part.Number)
	}
	return nil
}

func (r *partsReader) Close() error {
	if r.file == nil {
		return nil
	}
	f := r.file
	r.file = nil
	return f.Close()
}

// removeOldParts removes uploads that have had no new parts for a long time.
func (r *Repo) removeOldParts() error {
	d, err := r.root.Open(partsDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open %s: %w", partsDir, err)
	}
	entries, err := d.ReadDir(-1)
	if err := errors.Join(err, d.Close()); err != nil {
		return fmt.Errorf("read %s: %w", partsDir, err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || time.Since(info.ModTime()) < partsAge {
			continue
		}
		if err := r.root.RemoveAll(partsDir + "/" + e.Name()); err != nil {
			return fmt.Errorf("remove an expired upload: %w", err)
		}
	}
	return nil
}
