// Package idx reads and writes IDX files, the format of MNIST and similar datasets: a
// file of gray images and a file of labels, each with a short big-endian header, often
// compressed with gzip.
//
// [Load] reads a dataset from the directories that torchvision uses, [Download]
// downloads FashionMNIST, and [Synthetic] generates a dataset of the same shape, which
// needs no network.
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

// Magic numbers of files of unsigned bytes, with three dimensions for images and one for
// labels.
const (
	imagesMagic = 0x00000803
	labelsMagic = 0x00000801
)

// maxBytes is the maximum uncompressed size of a file. The largest dataset in this
// format, EMNIST, has 0.6 GB of pixels.
const maxBytes = 1 << 30

// Images has gray images of the same size, with one byte per pixel: 0 is black and 255
// is white. Pixels has Len x Rows x Cols bytes in row-major order.
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

// At returns the Rows x Cols pixels of image i, without copying them. It panics if i is
// not below [Images.Len].
func (m *Images) At(i int) []byte {
	size := m.Rows * m.Cols
	return m.Pixels[i*size : (i+1)*size : (i+1)*size]
}

// ReadImages reads a file of images, compressed with gzip or not. It returns an error if
// the file is not an IDX file of images, if its size does not match its header, and if
// the header specifies more than 1 GiB.
func ReadImages(r io.Reader) (*Images, error) {
	dims, data, err := read(r, imagesMagic, 3)
	if err != nil {
		return nil, fmt.Errorf("idx: images: %w", err)
	}
	return &Images{Rows: dims[1], Cols: dims[2], Pixels: data}, nil
}

// ReadLabels reads a file of labels, compressed with gzip or not. See [ReadImages] for
// errors.
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

// unzipped decompresses r if it starts with the magic number of gzip. The name of the
// file is not a reliable indication: files are renamed, and an HTTP client may
// decompress them.
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
			return nil, 0, fmt.Errorf("the header specifies images of %d x %d pixels", header[2], header[3])
		}
		if d > maxBytes || (d > 0 && total > maxBytes/int(d)) {
			return nil, 0, fmt.Errorf("the header specifies the dimensions %v, more than %d bytes", header[1:], maxBytes)
		}
		total *= int(d)
		dims = append(dims, int(d))
	}
	return dims, total, nil
}

// readExactly reads total bytes and checks that the data end there. The buffer grows
// with the data, so that a wrong header does not allocate memory.
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
		return nil, fmt.Errorf("data follows the %d bytes that the header specifies", total)
	case !errors.Is(err, io.EOF):
		return nil, fmt.Errorf("after %d bytes of data: %w", total, err)
	}
	return b.Bytes(), nil
}

// truncated converts io.EOF to io.ErrUnexpectedEOF.
func truncated(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
