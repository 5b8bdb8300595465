// Package files reads the files of a model from any file system, within a size limit.
package files

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
	"path/filepath"

	"github.com/millrace-ml/millrace/mlflow"
)

// MaxSize is the size limit of one file of a model: 2 GiB, the limit of a Protocol Buffers message.
const MaxSize = 2 << 30

// Dir is a directory with files of a model. The zero value has no files.
type Dir struct {
	FS   fs.FS
	Name string // The directory's path, for messages.
}

// File is an open regular file.
type File struct {
	fs.File
	Name string // For messages.
	Size int64
}

// OpenError converts an error of opening or reading a file to an API error.
func OpenError(err error, name string) error {
	if errors.Is(err, fs.ErrNotExist) {
		return mlflow.Errorf(mlflow.ResourceDoesNotExist, "there is no file '%s'", name)
	}
	return mlflow.Errorf(mlflow.InvalidParameterValue, "'%s' cannot be read: %v", name, err)
}

// Open opens a regular file. The path may contain "." and ".." elements as long as it stays within the directory.
func (d Dir) Open(name string) (*File, error) {
	label := filepath.Join(d.Name, filepath.FromSlash(name))
	name = path.Clean(name)
	if !fs.ValidPath(name) {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "'%s' lies outside of the model's directory", label)
	}
	f, err := d.FS.Open(name)
	if err != nil {
		return nil, OpenError(err, label)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrInvalid
	}
	if err != nil {
		_ = f.Close() // The file was only opened for reading.
		return nil, OpenError(err, label)
	}
	return &File{f, label, info.Size()}, nil
}

// Sub returns the directory that contains the file name.
func (d Dir) Sub(name string) (Dir, error) {
	dir := path.Dir(path.Clean(name))
	sub, err := fs.Sub(d.FS, dir)
	if err != nil {
		return Dir{}, OpenError(err, name)
	}
	return Dir{sub, filepath.Join(d.Name, filepath.FromSlash(dir))}, nil
}

// Read returns the content of a file of at most limit bytes.
func (d Dir) Read(name string, limit int64) ([]byte, error) {
	f, err := d.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // Nothing was written.
	return f.readAll(limit)
}

func (f *File) readAll(limit int64) ([]byte, error) {
	var data []byte
	var err error
	if f.Size <= limit {
		// The limit applies to what is read, because a file system may report a wrong size.
		data, err = io.ReadAll(io.LimitReader(f, limit+1))
	}
	if err != nil {
		return nil, OpenError(err, f.Name)
	}
	if max(f.Size, int64(len(data))) > limit {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "'%s' is larger than %d bytes", f.Name, limit)
	}
	return data, nil
}

// ReaderAt returns random access to the file and the file's size. The content is read into memory if the file system
// does not support random access.
func (f *File) ReaderAt() (io.ReaderAt, int64, error) {
	if r, ok := f.File.(io.ReaderAt); ok {
		return r, f.Size, nil
	}
	data, err := f.readAll(MaxSize)
	return bytes.NewReader(data), int64(len(data)), err
}

// Section returns length bytes from offset on. The caller has compared both with the file's size.
func (f *File) Section(offset, length int64) ([]byte, error) {
	r := io.Reader(f)
	if at, ok := f.File.(io.ReaderAt); ok {
		r = io.NewSectionReader(at, offset, length)
	} else if _, err := io.CopyN(io.Discard, f, offset); err != nil {
		return nil, OpenError(err, f.Name)
	}
	out := make([]byte, length)
	if _, err := io.ReadFull(r, out); err != nil {
		return nil, OpenError(err, f.Name)
	}
	return out, nil
}
