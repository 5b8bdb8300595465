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

// Names of the four files of a dataset in this format.
const (
	trainImages = "train-images-idx3-ubyte"
	trainLabels = "train-labels-idx1-ubyte"
	testImages  = "t10k-images-idx3-ubyte"
	testLabels  = "t10k-labels-idx1-ubyte"
)

// Set is a dataset for the classification of images.
type Set struct {
	Train, Test Split
}

// Split is a part of a [Set]. Images and Labels have the same length.
type Split struct {
	Images *Images
	Labels []byte
}

// FashionNames returns the names of FashionMNIST's ten classes. The index is the label.
func FashionNames() []string {
	return []string{
		"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
		"Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
	}
}

// Load reads a dataset from the first of the directories dir, dir/raw and
// dir/FashionMNIST/raw, which torchvision uses, that contains one of its files. A file
// may have the extension .gz. If files are missing, errors.Is(err, fs.ErrNotExist) is
// true. See [ReadImages] for other errors; different numbers of images and labels are an
// error, too.
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
		return Split{}, fmt.Errorf("idx: %s: %d images in %s, %d labels in %s",
			dir, s.Images.Len(), images, len(s.Labels), labels)
	}
	return s, nil
}

// find returns the path of a file in dir. It prefers the uncompressed file.
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
	f, err := os.Open(path) //nolint:gosec // The caller chose the directory.
	if err != nil {
		return fmt.Errorf("idx: %w", err)
	}
	defer func() { _ = f.Close() }() // The file is only read.
	if err := read(f); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// Write writes the dataset as four uncompressed IDX files to the directory dir, from
// which [Load] reads it. It creates dir if necessary.
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
		return fmt.Errorf("idx: %s: the numbers of images and labels differ", images)
	}
	err := writeFile(filepath.Join(dir, images), s.Images.Pixels, imagesMagic, n, s.Images.Rows, s.Images.Cols)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, labels), s.Labels, labelsMagic, n)
}

// writeFile writes the words of the header and the data.
func writeFile(path string, data []byte, words ...int) error {
	var header []byte
	for _, w := range words {
		header = binary.BigEndian.AppendUint32(header, uint32(w)) //nolint:gosec // Lengths are below 2^30.
	}
	f, err := os.Create(path) //nolint:gosec // The caller chose the directory.
	if err != nil {
		return fmt.Errorf("idx: %w", err)
	}
	_, err = io.Copy(f, io.MultiReader(bytes.NewReader(header), bytes.NewReader(data)))
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("idx: %w", err)
	}
	return nil
}
