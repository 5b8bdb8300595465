package idx

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// twoImages is a file with two images of 1 x 3 pixels.
const twoImages = "\x00\x00\x08\x03\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x03abcdef"

func zipped(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, s); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestReadImages(t *testing.T) {
	for _, file := range []string{twoImages, zipped(t, twoImages)} {
		m, err := ReadImages(strings.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		if m.Len() != 2 || m.Rows != 1 || m.Cols != 3 || string(m.At(1)) != "def" {
			t.Errorf("got %d images of %d x %d, the second %q", m.Len(), m.Rows, m.Cols, m.At(1))
		}
	}
}

func TestReadImagesErrors(t *testing.T) {
	gz := zipped(t, twoImages)
	for _, c := range []struct{ name, file, want string }{
		{"empty", "", "the header of 16 bytes: unexpected EOF"},
		{"short header", twoImages[:9], "the header of 16 bytes: unexpected EOF"},
		{"labels", "\x00\x00\x08\x01" + twoImages[4:], "the magic number is 0x00000801, not 0x00000803"},
		{"no pixels", twoImages[:8] + "\x00\x00\x00\x00" + twoImages[12:], "images of 0 x 3 pixels"},
		{"huge", twoImages[:4] + strings.Repeat("\xff", 12), "more than 1073741824 bytes"},
		{"huge product", twoImages[:4] + strings.Repeat("\x00\x00\xff\xff", 3), "more than 1073741824 bytes"},
		{"large lie", twoImages[:4] + "\x00\x0f\xff\xff" + twoImages[8:], "6 of 3145725 bytes of data: unexpected EOF"},
		{"truncated", twoImages[:19], "3 of 6 bytes of data: unexpected EOF"},
		{"trailing", twoImages + "x", "data follows the 6 bytes"},
		{"truncated gzip", gz[:len(gz)-9], "unexpected EOF"},
		{"gzip with trailing", gz + "x", "unexpected EOF"},
		{"gzip of nothing", "\x1f\x8b", "unexpected EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ReadImages(strings.NewReader(c.file))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func FuzzReadImages(f *testing.F) {
	f.Add([]byte(twoImages))
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, file []byte) {
		m, err := ReadImages(bytes.NewReader(file))
		if err == nil && m.Len()*m.Rows*m.Cols != len(m.Pixels) {
			t.Errorf("%d images of %d x %d in %d bytes", m.Len(), m.Rows, m.Cols, len(m.Pixels))
		}
	})
}

func TestReadLabels(t *testing.T) {
	got, err := ReadLabels(strings.NewReader("\x00\x00\x08\x01\x00\x00\x00\x02\x07\x01"))
	if err != nil || !bytes.Equal(got, []byte{7, 1}) {
		t.Errorf("got %v, %v", got, err)
	}
	got, err = ReadLabels(strings.NewReader("\x00\x00\x08\x01\x00\x00\x00\x00"))
	if err != nil || len(got) != 0 {
		t.Errorf("got %v, %v for a file of no labels", got, err)
	}
}

func TestWriteAndLoad(t *testing.T) {
	s := Synthetic(30, 7)
	for _, sub := range []string{"", "raw", "FashionMNIST/raw"} {
		dir := t.TempDir()
		if err := s.Write(filepath.Join(dir, sub)); err != nil {
			t.Fatal(err)
		}
		got, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, s) {
			t.Errorf("%q: Load does not return the dataset that was written", sub)
		}
	}
}

func TestLoadErrors(t *testing.T) {
	dir := t.TempDir()
	_, err := Load(dir)
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), trainImages+"[.gz] in any of "+dir) {
		t.Errorf("empty directory: %v", err)
	}
	if err := Synthetic(3, 2).Write(dir); err != nil {
		t.Fatal(err)
	}
	if err := writeFile(filepath.Join(dir, testLabels), []byte{1}, labelsMagic, 1); err != nil {
		t.Fatal(err)
	}
	_, err = Load(dir)
	if err == nil || !strings.Contains(err.Error(), "2 images in "+testImages+", 1 labels in "+testLabels) {
		t.Errorf("labels missing in a file: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, testLabels)); err != nil {
		t.Fatal(err)
	}
	if _, err = Load(dir); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), testLabels) {
		t.Errorf("a file missing: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, testLabels+".gz"), []byte("not IDX"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err = Load(dir); err == nil || !strings.Contains(err.Error(), testLabels+".gz: idx: labels: ") {
		t.Errorf("a broken file: %v", err)
	}
}

func TestWriteOfUnequalLengths(t *testing.T) {
	s := Synthetic(3, 2)
	s.Test.Labels = s.Test.Labels[:1]
	if err := s.Write(t.TempDir()); err == nil {
		t.Error("Write accepts two images with one label")
	}
}

func TestSynthetic(t *testing.T) {
	a, b := Synthetic(500, 20), Synthetic(500, 20)
	if !reflect.DeepEqual(a, b) {
		t.Error("two calls return different datasets")
	}
	seen := map[byte]int{}
	for _, c := range a.Train.Labels {
		seen[c]++
	}
	if len(seen) != 10 {
		t.Errorf("%d classes among 500 images", len(seen))
	}
	if n := Synthetic(-1, 0).Train.Images.Len(); n != 0 {
		t.Errorf("Synthetic(-1, 0) returns %d images", n)
	}
}
