package npy

import (
	"archive/zip"
	"compress/flate"
	"encoding/binary"
	"errors"
	"io"
	"strings"

	"github.com/millrace-ml/millrace/internal/tabular"
	"github.com/millrace-ml/millrace/mlflow"
)

const (
	// maxDirectory is the size of the directory of a ZIP file that is read. It bounds the
	// number of entries in memory.
	maxDirectory = 2 << 20
	maxListed    = 1000
	// maxDescribed is the number of arrays whose types and shapes are read.
	maxDescribed = 100
)

var errDirectory = tabular.Invalid("The list of the arrays in the file is larger than %d MiB.", maxDirectory>>20)

// ReadZip returns the list of the arrays of an .npz file, and the part of one that a window
// asks for.
func ReadZip(src *tabular.Source, w tabular.Window) (*mlflow.FileTableResponse, error) {
	z, err := openZip(src)
	if err != nil {
		return nil, err
	}
	out := &mlflow.FileTableResponse{Format: "npz"}
	var chosen *zip.File
	number := 0 // of the chosen array
	for _, f := range z.File {
		name, isArray := strings.CutSuffix(f.Name, ".npy")
		if !isArray {
			continue
		}
		out.ArrayCount++
		if chosen == nil && (w.Array == "" || w.Array == name) {
			chosen, out.Array, number = f, name, int(out.ArrayCount)-1
		}
		if len(out.Arrays) < maxListed {
			item, err := describe(src, f, name, len(out.Arrays) < maxDescribed)
			if err != nil {
				return nil, err
			}
			out.Arrays = append(out.Arrays, item)
		}
	}
	if chosen == nil && w.Array != "" {
		return nil, mlflow.Errorf(mlflow.ResourceDoesNotExist, "The file has no array '%s'.", tabular.Cut(w.Array))
	}
	if chosen == nil {
		return out, nil
	}
	a, err := openEntry(src, chosen)
	if err == nil {
		err = a.read(w, out)
	}
	if invalid := invalidError(err); invalid != nil && w.Array == "" {
		// The first array is one that cannot be shown. Another one can be chosen.
		out.Arrays[number].Error = invalid.Message
		out.Columns, out.Rows, out.RowNames, out.Head = nil, nil, nil, nil
		out.ColumnCount, out.RowCount = 0, 0
		return out, nil
	}
	return out, err
}

// invalidError returns the error that says that a file cannot be shown, or nil.
func invalidError(err error) *mlflow.Error {
	var e *mlflow.Error
	if errors.As(err, &e) && e.Code == mlflow.InvalidParameterValue {
		return e
	}
	return nil
}

// openZip reads the directory of a ZIP file.
func openZip(src *tabular.Source) (*zip.Reader, error) {
	limited := &directory{src: src, left: maxDirectory}
	z, err := zip.NewReader(limited, src.Size())
	switch {
	case limited.err != nil:
		return nil, limited.err
	case isZipError(err):
		return nil, tabular.Invalid("This is no .npz file, or it is damaged.")
	}
	return z, err
}

func isZipError(err error) bool {
	if err == nil {
		return false
	}
	return errors.Is(err, zip.ErrFormat) || errors.Is(err, zip.ErrAlgorithm) || errors.Is(err, zip.ErrChecksum) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || strings.HasPrefix(err.Error(), "zip:")
}

// directory reads the end of a ZIP file, up to a number of bytes.
type directory struct {
	src  *tabular.Source
	left int64
	err  error // of the source or of the limit, which package zip hides
}

func (d *directory) ReadAt(p []byte, offset int64) (int, error) {
	if d.left -= int64(len(p)); d.left < 0 {
		d.err = errDirectory
		return 0, d.err
	}
	n, err := d.src.ReadAt(p, offset)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		d.err = err
	}
	if claimsMany(p[:n]) {
		d.err = errDirectory
		return 0, d.err
	}
	return n, err
}

// claimsMany reports whether b is the record at the end of a directory that says that it
// has more entries than are read. Package zip allocates memory for all of them at once if
// the file is large enough to have them, which takes no space on disk if the file has holes.
func claimsMany(b []byte) bool {
	const (
		record, count = "PK\x06\x06", 32
		leastEntry    = 46
	)
	return len(b) >= count+8 && string(b[:len(record)]) == record &&
		binary.LittleEndian.Uint64(b[count:]) > maxDirectory/leastEntry
}

// describe returns the type and the shape of an array.
func describe(src *tabular.Source, f *zip.File, name string, full bool) (mlflow.FileArray, error) {
	out := mlflow.FileArray{Name: tabular.Cut(name)}
	if !full {
		return out, nil
	}
	a, err := openEntry(src, f)
	switch invalid := invalidError(err); {
	case invalid != nil:
		out.Error = invalid.Message
	case err == nil:
		out.Type, out.Shape = a.typeName(), a.shape
	default:
		return out, err
	}
	return out, nil
}

// openEntry opens an array in a ZIP file.
func openEntry(src *tabular.Source, f *zip.File) (*array, error) {
	start, err := f.DataOffset()
	if err != nil {
		if isZipError(err) {
			return nil, errDamaged
		}
		return nil, err
	}
	size, packed := f.UncompressedSize64, f.CompressedSize64
	if f.Flags&1 != 0 {
		return nil, tabular.Invalid("The array is encrypted.")
	}
	if start > src.Size() || size > 1<<48 || packed > 1<<48 ||
		int64(packed) > src.Size()-start {
		return nil, errDamaged
	}
	body := io.NewSectionReader(src, start, int64(packed))
	switch f.Method {
	case zip.Store:
		if size != packed {
			return nil, errDamaged
		}
		return open(body, int64(packed))
	case zip.Deflate:
		return open(&inflated{src: src, body: body, size: int64(size)}, int64(size))
	}
	return nil, tabular.Invalid("The array is compressed in a way that cannot be read here.")
}

// inflated reads the decompressed form of an entry. It decompresses from the start on, so
// a range is as expensive as all bytes before it; the source limits that.
type inflated struct {
	src    *tabular.Source
	body   *io.SectionReader
	size   int64
	stream io.ReadCloser
	at     int64  // of the stream
	last   []byte // the block that was read last
	start  int64  // of that block
}

const inflatedBlock = 64 << 10

func (z *inflated) ReadAt(p []byte, offset int64) (int, error) {
	n := 0
	for n < len(p) {
		if offset+int64(n) >= z.size {
			return n, io.EOF
		}
		block, err := z.block((offset + int64(n)) / inflatedBlock * inflatedBlock)
		if err != nil {
			return n, err
		}
		skip := offset + int64(n) - z.start
		if skip >= int64(len(block)) {
			return n, io.EOF // The entry is shorter than it says.
		}
		n += copy(p[n:], block[skip:])
	}
	return n, nil
}

// block returns the block that begins at an offset.
func (z *inflated) block(start int64) ([]byte, error) {
	if z.last != nil && z.start == start {
		return z.last, nil
	}
	if z.stream == nil || start < z.at {
		if _, err := z.body.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		z.stream, z.at = flate.NewReader(z.body), 0
	}
	for {
		if err := z.src.Spend(inflatedBlock); err != nil {
			return nil, err
		}
		b := make([]byte, inflatedBlock)
		n, err := io.ReadFull(z.stream, b)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, inflateError(err)
		}
		z.last, z.start = b[:n], z.at
		z.at += int64(n)
		if z.start == start || n < inflatedBlock {
			return z.last, nil
		}
	}
}

// inflateError tells damaged data from a source that failed.
func inflateError(err error) error {
	var damaged flate.CorruptInputError
	if errors.As(err, &damaged) {
		return errDamaged
	}
	return err
}
