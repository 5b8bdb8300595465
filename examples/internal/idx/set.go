package idx

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The names of the four files, as every set of this family has them.
const (
	trainImages = "train-images-idx3-ubyte"
	trainLabels = "train-labels-idx1-ubyte"
	testImages  = "t10k-images-idx3-ubyte"
	testLabels  = "t10k-labels-idx1-ubyte"
)

// Set is a data set for classifying images.
type Set struct {
	Train, Test Split
}

// Split is one part of a [Set]: images and, at the same index, the class of each.
type Split struct {
	Images *Images
	Labels []byte
}

// FashionNames returns the names of FashionMNIST's ten classes, by label.
func FashionNames() []string {
	return []string{
		"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
		"Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
	}
}

// Load reads a set from the first of dir, dir/raw and dir/FashionMNIST/raw (where
// torchvision puts it) that has one of its files, each plain or with .gz after
// its name. The error satisfies errors.Is(err, fs.ErrNotExist) when files are
// missing; other errors are those of [ReadImages], and images and labels that
// differ in number.
func Load(dir string) (*Set, error) {
	tried := []string{dir, filepath.Join(dir, "raw"), filepath.Join(dir, "FashionMNIST", "raw")}
	for _, d := range tried {
		for _, name := range []string{trainImages, trainLabels, testImages, testLabels} {
			if _, err := find(d, name); err == nil {
				return loadFrom(d)
			}
		}
	}
	return nil, fmt.Errorf("idx: no %s[.gz] in any of %s: %w", trainImages, strings.Join(tried, ", "), fs.ErrNotExist)
}

func loadFrom(dir string) (*Set, error) {
	train, err := loadSplit(dir, trainImages, trainLabels)
	if err != nil {
		return nil, err
	}
	test, err := loadSplit(dir, testImages, testLabels)
	if err != nil {
		return nil, err
	}
	return &Set{Train: train, Test: test}, nil
}

func loadSplit(dir, images, labels string) (Split, error) {
	var s Split
	err := open(dir, images, func(r io.Reader) (err error) {
		s.Images, err = ReadImages(r)
		return err
	})
	if err != nil {
		return Split{}, err
	}
	err = open(dir, labels, func(r io.Reader) (err error) {
		s.Labels, err = ReadLabels(r)
		return err
	})
	if err != nil {
		return Split{}, err
	}
	if s.Images.Len() != len(s.Labels) {
		return Split{}, fmt.Errorf("idx: %s: %d images in %s, %d labels in %s", dir, s.Images.Len(), images, len(s.Labels), labels)
	}
	return s, nil
}

// find returns the path of the file name in dir, the plain one before the
// compressed.
func find(dir, name string) (string, error) {
	for _, p := range []string{filepath.Join(dir, name), filepath.Join(dir, name+".gz")} {
		if info, err := os.Stat(p); err == nil && !info.IsDir() {
			return p, nil
		}
	}
	return "", fmt.Errorf("idx: no %s[.gz] in %s: %w", name, dir, fs.ErrNotExist)
}

func open(dir, name string, read func(io.Reader) error) error {
	path, err := find(dir, name)
	if err != nil {
		return err
	}
	f, err := os.Open(path) //nolint:gosec // the caller chose the folder
	if err != nil {
		return fmt.Errorf("idx: %w", err)
	}
	defer func() { _ = f.Close() }() // opened for reading
	if err := read(f); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// Write stores the set as four plain IDX files in dir, which it makes when it is
// missing, so that [Load] of the same dir returns it.
func (s *Set) Write(dir string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("idx: %w", err)
	}
	if err := s.Train.write(dir, trainImages, trainLabels); err != nil {
		return err
	}
	return s.Test.write(dir, testImages, testLabels)
}

func (s Split) write(dir, images, labels string) error {
	n := len(s.Labels)
	if s.Images == nil || s.Images.Len() != n {
		return fmt.Errorf("idx: %s: every image needs one label", images)
	}
	err := writeFile(filepath.Join(dir, images), s.Images.Pixels, imagesMagic, n, s.Images.Rows, s.Images.Cols)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, labels), s.Labels, labelsMagic, n)
}

// writeFile writes the header's words and then the data.
func writeFile(path string, data []byte, words ...int) error {
	var header []byte
	for _, w := range words {
		header = binary.BigEndian.AppendUint32(header, uint32(w)) //nolint:gosec // lengths that read would take are below 2^30
	}
	f, err := os.Create(path) //nolint:gosec // the caller chose the folder
	if err != nil {
		return fmt.Errorf("idx: %w", err)
	}
	_, err = io.Copy(f, io.MultiReader(bytes.NewReader(header), bytes.NewReader(data)))
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("idx: %w", err)
	}
	return nil
}
