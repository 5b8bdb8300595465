package idx

import (
	"context"
	"crypto/md5" //nolint:gosec // the publisher gives no better sum
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
)

// FashionMNIST is the address that Zalando Research publishes the set at and that
// torchvision downloads it from: 31 MB in four files. It is not served over
// HTTPS, which is one more reason to check the sums.
const FashionMNIST = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"

// maxDownload bounds one file; the largest is 26 MB.
const maxDownload = 64 << 20

// published is a file of the set with the MD5 sum that its publisher gives.
type published struct {
	name, md5 string
}

var fashionFiles = []published{
	{trainImages + ".gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"},
	{trainLabels + ".gz", "25c81989df183df01b3e8a0aad5dffbe"},
	{testImages + ".gz", "bef4ecab320f06d8554ea6380940ec79"},
	{testLabels + ".gz", "bb300cfdad3c16e7a12a480ee83cd310"},
}

// Download fetches FashionMNIST's four files from baseURL, [FashionMNIST] or a
// mirror of it, into dir, which it makes when it is missing; [Load] of the same
// dir reads them. A file that is there already and has the right sum is kept. A
// file gets its name only when it is complete and its MD5 sum is the published
// one, so an interrupted download leaves nothing that Load could take for data.
//
// A nil client stands for [http.DefaultClient]. A progress that is not nil is
// called as bytes arrive; total is -1 when the server does not say it.
func Download(ctx context.Context, client *http.Client, baseURL, dir string, progress func(file string, done, total int64)) error {
	return download(ctx, client, baseURL, dir, fashionFiles, progress)
}

func download(ctx context.Context, client *http.Client, baseURL, dir string, files []published, progress func(file string, done, total int64)) error {
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

// fetch downloads the file under a temporary name and renames it once checked.
func (p published) fetch(ctx context.Context, client *http.Client, address, dir string, progress func(string, int64, int64)) error {
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
	defer func() { _ = os.Remove(f.Name()) }() // fails, as it should, after the rename
	body := &reporter{Reader: io.LimitReader(resp.Body, maxDownload), file: p.name, total: resp.ContentLength, report: progress}
	_, err = io.Copy(f, body)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := p.check(f.Name()); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(dir, p.name))
}

// check compares the sum of the file at path with the published one.
func (p published) check(path string) error {
	f, err := os.Open(path) //nolint:gosec // the caller chose the folder
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // opened for reading
	sum := md5.New()                 //nolint:gosec // the publisher gives no better sum
	if _, err := io.Copy(sum, f); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != p.md5 {
		return fmt.Errorf("the MD5 sum is %s, not the published %s", got, p.md5)
	}
	return nil
}

// reporter tells how many bytes have been read through it.
type reporter struct {
	io.Reader
	file        string
	done, total int64
	report      func(file string, done, total int64)
}

// Read implements io.Reader.
func (r *reporter) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	if n > 0 {
		r.done += int64(n)
		r.report(r.file, r.done, r.total)
	}
	return n, err
}
