package idx

import (
	"context"
	"crypto/md5" //nolint:gosec // The publisher provides MD5 sums only.
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
)

// FashionMNIST is the address at which Zalando Research publishes the dataset and from
// which torchvision downloads it: 31 MB in four files. The server does not support
// HTTPS, which is another reason to check the sums.
const FashionMNIST = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"

// maxDownload is the maximum size of a file. The largest file has 26 MB.
const maxDownload = 64 << 20

// published is a file of the dataset with the MD5 sum from its publisher.
type published struct {
	name, md5 string
}

var fashionFiles = []published{
	{trainImages + ".gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"},
	{trainLabels + ".gz", "25c81989df183df01b3e8a0aad5dffbe"},
	{testImages + ".gz", "bef4ecab320f06d8554ea6380940ec79"},
	{testLabels + ".gz", "bb300cfdad3c16e7a12a480ee83cd310"},
}

// Progress receives the number of bytes of a file that are downloaded so far and the size of the file, which is -1 if
// the server does not send it.
type Progress func(file string, done, total int64)

// Download downloads the four files of FashionMNIST from baseURL, which is
// [FashionMNIST] or a mirror, to the directory dir. It creates dir if necessary; [Load]
// reads the files. Existing files with the right sum are kept. A file gets its name only
// when it is complete and its sum is right, so that Load never reads an incomplete file
// after an interrupted download.
//
// The default of client is [http.DefaultClient]. The default of progress does nothing.
func Download(ctx context.Context, client *http.Client, baseURL, dir string, progress Progress) error {
	return download(ctx, client, baseURL, dir, fashionFiles, progress)
}

func download(
	ctx context.Context, client *http.Client, baseURL, dir string, files []published, progress Progress,
) error {
	if client == nil {
		client = http.DefaultClient
	}
	if progress == nil {
		progress = func(string, int64, int64) {}
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("idx: %w", err)
	}
	for _, f := range files {
		if f.check(filepath.Join(dir, f.name)) == nil {
			continue
		}
		address, err := url.JoinPath(baseURL, f.name)
		if err != nil {
			return fmt.Errorf("idx: %w", err)
		}
		if err := f.fetch(ctx, client, address, dir, progress); err != nil {
			return fmt.Errorf("idx: %s: %w", address, err)
		}
	}
	return nil
}

// fetch downloads the file to a temporary name, checks it and renames it.
func (p published) fetch(ctx context.Context, client *http.Client, address, dir string, progress Progress) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answered %s", resp.Status)
	}
	f, err := os.CreateTemp(dir, p.name+".*.part")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // Fails after the rename, as expected.
	body := &reporter{
		Reader: io.LimitReader(resp.Body, maxDownload), file: p.name, total: resp.ContentLength, report: progress,
	}
	_, err = io.Copy(f, body)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := p.check(f.Name()); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(dir, p.name))
}

// check compares the MD5 sum of the file at path with the published one.
func (p published) check(path string) error {
	f, err := os.Open(path) //nolint:gosec // The caller chose the directory.
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // The file is only read.
	sum := md5.New()                 //nolint:gosec // The publisher provides MD5 sums only.
	if _, err := io.Copy(sum, f); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != p.md5 {
		return fmt.Errorf("the MD5 sum is %s, not the published %s", got, p.md5)
	}
	return nil
}

// reporter reports the number of bytes that were read.
type reporter struct {
	io.Reader
	file        string
	done, total int64
	report      Progress
}

// Read implements [io.Reader].
func (r *reporter) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	if n > 0 {
		r.done += int64(n)
		r.report(r.file, r.done, r.total)
	}
	return n, err
}
