package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"github.com/millrace-ml/millrace/mlflow"
)

// envS3 names the server of test/with_stores.sh.
const envS3 = "MILLRACE_TEST_S3"

const (
	smallFiles   = 1000
	smallSize    = 4 << 10
	folders      = 10 // with small files
	listedFiles  = 5000
	mediumSize   = 1 << 20
	mediumCount  = 64
	largeSize    = 200 << 20
	parallelSend = 8
)

// bucket is a bucket on an S3 server that both peers keep their files in, each below a prefix of its own.
type bucket struct {
	client *s3.Client
	name   string
	env    []string // for the peers
}

// newBucket makes a bucket on the server that MILLRACE_TEST_S3 names. It returns nil if there is none.
func newBucket(ctx context.Context) (*bucket, error) {
	endpoint := os.Getenv(envS3)
	if endpoint == "" {
		fmt.Fprintf(os.Stdout, "skipped: files in S3, because %s names no server (see test/with_stores.sh)\n", envS3)
		return nil, nil //nolint:nilnil // There is no server.
	}
	const id, secret, region = "millrace", "millrace-secret", "us-east-1"
	b := &bucket{
		client: s3.New(s3.Options{
			BaseEndpoint: &endpoint, Region: region, UsePathStyle: true,
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}, nil
			}),
		}),
		name: fmt.Sprintf("millrace-bench-%d", time.Now().UnixNano()),
		env: []string{
			"MLFLOW_S3_ENDPOINT_URL=" + endpoint, "AWS_ACCESS_KEY_ID=" + id, "AWS_SECRET_ACCESS_KEY=" + secret,
			"AWS_REGION=" + region, "AWS_DEFAULT_REGION=" + region,
		},
	}
	_, err := b.client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &b.name})
	return b, err
}

// remove deletes the bucket and its objects.
func (b *bucket) remove(ctx context.Context) {
	if b == nil {
		return
	}
	err := b.empty(ctx)
	if err == nil {
		_, err = b.client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &b.name})
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench: bucket %s: %v\n", b.name, err)
	}
}

func (b *bucket) empty(ctx context.Context) error {
	pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: &b.name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		keys := make([]types.ObjectIdentifier, len(page.Contents))
		for i, o := range page.Contents {
			keys[i].Key = o.Key
		}
		if len(keys) == 0 {
			continue
		}
		_, err = b.client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &b.name, Delete: &types.Delete{Objects: keys}})
		if err != nil {
			return err
		}
	}
	return nil
}

// fill stores n files of one byte in a folder.
func (b *bucket) fill(ctx context.Context, folder string, n int) error {
	group, filling := errgroup.WithContext(ctx)
	group.SetLimit(parallelSend)
	for i := range n {
		group.Go(func() error {
			_, err := b.client.PutObject(filling, &s3.PutObjectInput{
				Bucket: &b.name, Key: aws.String(fmt.Sprintf("%s/file-%06d.txt", folder, i)), Body: strings.NewReader("x"),
			})
			return err
		})
	}
	return group.Wait()
}

// files measures the transfers of files to and from a bucket through a peer.
func (b *bench) files(ctx context.Context, p peer, in *bucket) (figures []figure, err error) {
	dir, err := os.MkdirTemp("", "millrace-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := in.fill(ctx, p.name+"/listed", listedFiles); err != nil {
		return nil, err
	}
	p.env = in.env
	p.options = []string{"--artifacts-destination", "s3://" + in.name + "/" + p.name}
	err = b.serve(ctx, p, "sqlite:///"+dir+"/mlflow.db", func(url string, pid int) error {
		f := newTransfers(url, pid)
		figures, err = f.measure(ctx, b.d)
		return err
	})
	return figures, err
}

// transfers are transfers of files through a server, whose processor time is measured.
type transfers struct {
	url    string // of the files
	pid    int
	http   *http.Client
	medium []byte
	large  []byte
}

func newTransfers(url string, pid int) *transfers {
	t := &transfers{
		url: url + "/api/2.0/mlflow-artifacts/artifacts", pid: pid,
		http:  &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: parallelSend}},
		large: make([]byte, largeSize),
	}
	_, _ = rand.NewChaCha8([32]byte{1}).Read(t.large) // It never fails.
	t.medium = t.large[:mediumSize]
	return t
}

func (t *transfers) measure(ctx context.Context, d time.Duration) (figures []figure, err error) {
	small := t.large[:smallSize]
	smallName := func(i int64) string { return fmt.Sprintf("tree/%d/file-%04d.bin", i%folders, i) }
	for _, s := range []struct {
		name    string
		clients int
		calls   int64 // in one repetition
		unit    string
		scale   float64
		op      func(ctx context.Context, i int64) error
	}{
		{"put 1 MB, 8 clients", parallelSend, mediumCount, "MB", 1, func(ctx context.Context, i int64) error {
			return t.put(ctx, fmt.Sprintf("medium/%d.bin", i), t.medium)
		}},
		{"get 1 MB, 8 clients", parallelSend, mediumCount, "MB", 1, func(ctx context.Context, i int64) error {
			return t.get(ctx, fmt.Sprintf("medium/%d.bin", i), mediumSize)
		}},
		{"put 200 MB", 1, 1, "MB", largeSize >> 20, func(ctx context.Context, _ int64) error {
			return t.put(ctx, "large.bin", t.large)
		}},
		{"get 200 MB", 1, 1, "MB", largeSize >> 20, func(ctx context.Context, _ int64) error {
			return t.get(ctx, "large.bin", largeSize)
		}},
		{"put 1,000 small files", parallelSend, smallFiles, "files", 1, func(ctx context.Context, i int64) error {
			return t.put(ctx, smallName(i), small)
		}},
		{"list the tree of 1,000 files", 1, 1, "files", smallFiles, func(ctx context.Context, _ int64) error {
			return t.list(ctx, "tree", smallFiles)
		}},
		{"get 1,000 small files", parallelSend, smallFiles, "files", 1, func(ctx context.Context, i int64) error {
			return t.get(ctx, smallName(i), smallSize)
		}},
		{"list a folder of 5,000 files", 1, 1, "files", listedFiles, func(ctx context.Context, _ int64) error {
			return t.list(ctx, "listed", listedFiles)
		}},
	} {
		calls, wall, processor, err := t.repeat(ctx, s.clients, s.calls, d, s.op)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		amount := float64(calls) * s.scale
		figures = append(figures,
			figure{"S3: " + s.name, amount / wall, s.unit + "/s", higher},
			figure{"S3: " + s.name + ", per second of a processor", amount / processor, s.unit, higher})
	}
	return figures, nil
}

// repeat calls op with the numbers below calls from several goroutines, and again until d is over. It returns the
// number of calls, the time, and the time of the processors that the server has used.
func (t *transfers) repeat(
	ctx context.Context, clients int, calls int64, d time.Duration, op func(context.Context, int64) error,
) (done int64, wall, processor float64, err error) {
	before, err := processorSeconds(t.pid)
	if err != nil {
		return 0, 0, 0, err
	}
	start := time.Now()
	for done == 0 || time.Since(start) < d {
		group, calling := errgroup.WithContext(ctx)
		var next atomic.Int64
		for range clients {
			group.Go(func() error {
				for i := next.Add(1) - 1; i < calls; i = next.Add(1) - 1 {
					if err := op(calling, i); err != nil {
						return err
					}
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			return 0, 0, 0, err
		}
		done += calls
	}
	wall = time.Since(start).Seconds()
	after, err := processorSeconds(t.pid)
	return done, wall, after - before, err
}

// send sends a request and calls read with the body of the answer.
func (t *transfers) send(
	ctx context.Context, method, address string, body io.Reader, read func(io.Reader) error,
) error {
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return err
	}
	resp, err := t.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", method, address, resp.Status)
	}
	return read(resp.Body)
}

func (t *transfers) put(ctx context.Context, name string, data []byte) error {
	return t.send(ctx, http.MethodPut, t.url+"/"+name, bytes.NewReader(data), func(r io.Reader) error {
		_, err := io.Copy(io.Discard, r)
		return err
	})
}

func (t *transfers) get(ctx context.Context, name string, size int64) error {
	return t.send(ctx, http.MethodGet, t.url+"/"+name, http.NoBody, func(r io.Reader) error {
		n, err := io.Copy(io.Discard, r)
		if err == nil && n != size {
			err = fmt.Errorf("%s has %d bytes, not %d", name, n, size)
		}
		return err
	})
}

// list lists a folder and those in it, which have want files.
func (t *transfers) list(ctx context.Context, folder string, want int) error {
	found := 0
	for todo := []string{folder}; len(todo) > 0; todo = todo[1:] {
		var out mlflow.ListProxyResponse
		err := t.send(ctx, http.MethodGet, t.url+"?path="+url.QueryEscape(todo[0]), http.NoBody, func(r io.Reader) error {
			return json.NewDecoder(r).Decode(&out)
		})
		if err != nil {
			return err
		}
		for _, f := range out.Files {
			if f.IsDir {
				todo = append(todo, todo[0]+"/"+f.Path)
			} else {
				found++
			}
		}
	}
	if found != want {
		return fmt.Errorf("%s has %d files, not %d", folder, found, want)
	}
	return nil
}
