// Package idx reads and writes the IDX files in which MNIST and the sets shaped
// like it are published: a file of grey images and a file of labels, each with a
// short big-endian header, often gzip-compressed.
//
// [Load] finds a set where torchvision leaves it, [Download] fetches
// FashionMNIST, and [Synthetic] makes a set of the same shape where there is no
// network.
package idx

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The magic numbers say what follows: unsigned bytes in three dimensions for
// images and in one for labels.
const (
	imagesMagic = 0x00000803
	labelsMagic = 0x00000801
)

// maxBytes bounds what one file may unpack to. The largest set of this family,
// EMNIST, has 0.6 GB of pixels.
const maxBytes = 1 << 30

// Images holds grey images of one size, one byte a pixel, 0 for black and 255
// for white. Pixels has Len x Rows x Cols bytes in row-major order.
type Images struct {
	Rows, Cols int
	Pixels     []byte
}

// Len returns the number of images.
func (m *Images) Len() int {
	if m.Rows*m.Cols == 0 {
		return 0
	}
	return len(m.Pixels) / (m.Rows * m.Cols)
}

// At returns the Rows x Cols pixels of image i, which the images go on owning.
// Like a slice it needs i to be below [Images.Len].
func (m *Images) At(i int) []byte {
	size := m.Rows * m.Cols
	return m.Pixels[i*size : (i+1)*size : (i+1)*size]
}

// ReadImages reads a whole file of images, gzip-compressed or not. It fails when
// the file is no IDX file of images, is shorter or longer than its header says,
// or says that it is larger than 1 GiB.
func ReadImages(r io.Reader) (*Images, error) {
	dims, data, err := read(r, imagesMagic, 3)
	if err != nil {
		return nil, fmt.Errorf("idx: images: %w", err)
	}
	return &Images{Rows: dims[1], Cols: dims[2], Pixels: data}, nil
}

// ReadLabels reads a whole file of labels, gzip-compressed or not, one byte for
// each. It fails as [ReadImages] does.
func ReadLabels(r io.Reader) ([]byte, error) {
	_, data, err := read(r, labelsMagic, 1)
	if err != nil {
		return nil, fmt.Errorf("idx: labels: %w", err)
	}
	return data, nil
}

// read returns the dimensions and the elements of a file of bytes.
func read(r io.Reader, magic uint32, rank int) ([]int, []byte, error) {
	r, err := unzipped(r)
	if err != nil {
		return nil, nil, err
	}
	dims, total, err := readHeader(r, magic, rank)
	if err != nil {
		return nil, nil, err
	}
	data, err := readExactly(r, total)
	return dims, data, err
}

// unzipped looks through gzip, which it knows by its first two bytes rather than
// by the file's name: files get renamed, and an HTTP client may unpack them.
func unzipped(r io.Reader) (io.Reader, error) {
	b := bufio.NewReader(r)
	start, err := b.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if !bytes.Equal(start, []byte{0x1f, 0x8b}) {
		return b, nil
	}
	return gzip.NewReader(b)
}

func readHeader(r io.Reader, magic uint32, rank int) (dims []int, total int, err error) {
	header := make([]uint32, 1+rank)
	if err := binary.Read(r, binary.BigEndian, header); err != nil {
		return nil, 0, fmt.Errorf("the header of %d bytes: %w", 4*len(header), truncated(err))
	}
	if header[0] != magic {
		return nil, 0, fmt.Errorf("the magic number is %#08x, not %#08x", header[0], magic)
	}
	total = 1
	for i, d := range header[1:] {
		if i > 0 && d == 0 {
			return nil, 0, fmt.Errorf("the header says images of %d x %d pixels", header[2], header[3])
		}
		if d > maxBytes || (d > 0 && total > maxBytes/int(d)) {
			return nil, 0, fmt.Errorf("the header says dimensions %v, more than %d bytes", header[1:], maxBytes)
		}
		total *= int(d)
		dims = append(dims, int(d))
	}
	return dims, total, nil
}

// readExactly reads total bytes and makes sure that nothing follows. The buffer
// grows with what arrives, so that a header which lies costs no memory.
func readExactly(r io.Reader, total int) ([]byte, error) {
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(r, int64(total)))
	if err == nil && n < int64(total) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, fmt.Errorf("%d of %d bytes of data: %w", n, total, err)
	}
	switch _, err := io.ReadFull(r, make([]byte, 1)); {
	case err == nil:
		return nil, fmt.Errorf("data follows the %d bytes that the header says", total)
	case !errors.Is(err, io.EOF):
		return nil, fmt.Errorf("after %d bytes of data: %w", total, err)
	}
	return b.Bytes(), nil
}

// truncated turns the end of a file into the error for one that came too early.
func truncated(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
