package object

import (
	"context"
	"crypto/md5" //nolint:gosec // S3's entity tags are MD5 sums; they detect accidents, not attacks.
	"encoding/hex"
	"fmt"
	"hash"
	"regexp"
	"strings"

	"github.com/millrace-ml/millrace/internal/artifact"
)

var _ artifact.Fingerprinter = (*Repo)(nil)

// md5Tag matches the entity tags of S3 that are checksums: the MD5 sum of an object that was stored with one request,
// and the MD5 sum of the sums of the parts, with their number, of another one. Tags of encrypted objects can have
// this form, but then they do not equal the checksum of their content.
var md5Tag = regexp.MustCompile(`^"?([0-9a-f]{32}(-[0-9]+)?)"?$`)

// StoredFingerprint implements artifact.Fingerprinter. Stores other than S3 have no entity tags that are checksums.
func (r *Repo) StoredFingerprint(ctx context.Context, path string) (string, error) {
	o, err := r.bucket.Head(ctx, r.Key(path))
	if err != nil {
		return "", err
	}
	if m := md5Tag.FindStringSubmatch(strings.ToLower(o.ETag)); m != nil {
		return m[1], nil
	}
	return "", nil
}

// NewFingerprint implements artifact.Fingerprinter.
func (r *Repo) NewFingerprint() artifact.Fingerprint {
	return &fingerprint{part: md5.New(), parts: md5.New()} //nolint:gosec // See the import.
}

// fingerprint computes the entity tag that S3 gives to an object that Repo.Put stores, with its sizes of parts.
type fingerprint struct {
	part, parts hash.Hash
	inPart      int64 // bytes in the current part
	done        int32 // number of complete parts
}

// size returns the size of the current part.
func (f *fingerprint) size() int64 { return int64(sizeOf(f.done + 1)) }

func (f *fingerprint) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		now := min(int64(len(p)), f.size()-f.inPart)
		f.part.Write(p[:now])
		p = p[now:]
		if f.inPart += now; f.inPart == f.size() {
			f.endPart()
		}
	}
	return n, nil
}

func (f *fingerprint) endPart() {
	f.parts.Write(f.part.Sum(nil))
	f.part.Reset()
	f.inPart = 0
	f.done++
}

// Sum implements artifact.Fingerprint. It is called once.
func (f *fingerprint) Sum() string {
	if f.done == 0 {
		return hex.EncodeToString(f.part.Sum(nil))
	}
	if f.inPart > 0 {
		f.endPart()
	}
	return fmt.Sprintf("%s-%d", hex.EncodeToString(f.parts.Sum(nil)), f.done)
}
