// Package storestest creates buckets on the servers of test/with_stores.sh, for tests outside of the packages of the
// stores.
package storestest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Server is a server with the API of an object store.
type Server struct {
	// Variable is the variable of the environment with the URL.
	Variable string
	store    store
}

// store has what differs between the stores.
type store interface {
	uri(bucket string) string
	settings(endpoint string) map[string]string
	create(ctx context.Context, endpoint, bucket string) error
	uploads(ctx context.Context, endpoint, bucket string) ([]string, error)
}

// Servers has all servers of test/with_stores.sh. The signatures of requests are checked by that of
// MILLRACE_TEST_S3_SIGNED and by Azure's.
var Servers = []Server{
	{"MILLRACE_TEST_S3", amazon{}},
	{"MILLRACE_TEST_S3_SIGNED", amazon{}},
	{"MILLRACE_TEST_GCS", google{}},
	{"MILLRACE_TEST_AZURE", azure{}},
}

// Find returns the server of a variable.
func Find(variable string) Server {
	for _, s := range Servers {
		if s.Variable == variable {
			return s
		}
	}
	panic("storestest: no server " + variable)
}

// Bucket is a bucket of a server.
type Bucket struct {
	// URI is the address of the bucket.
	URI string
	// Endpoint is the URL of the server.
	Endpoint string
	server   Server
	name     string
}

var buckets atomic.Int64

// NewBucket makes an empty bucket. It skips the test if the server does not run.
func (s Server) NewBucket(t *testing.T) *Bucket {
	t.Helper()
	endpoint := strings.TrimRight(os.Getenv(s.Variable), "/")
	if endpoint == "" {
		t.Skip(s.Variable + " names no server: see test/with_stores.sh")
	}
	name := fmt.Sprintf("millrace-%d-%d-%d", time.Now().UnixNano(), os.Getpid(), buckets.Add(1))
	if err := s.store.create(t.Context(), endpoint, name); err != nil {
		t.Fatal(err)
	}
	return &Bucket{s.store.uri(name), endpoint, s, name}
}

// Host returns the host and the port of the server.
func (b *Bucket) Host() string { return strings.TrimPrefix(b.Endpoint, "http://") }

// Env returns the settings with which programs open the bucket through a host, in the form of os.Environ.
func (b *Bucket) Env(host string) []string {
	var env []string
	for name, value := range b.server.store.settings("http://" + host) {
		env = append(env, name+"="+value)
	}
	return env
}

// Uploads returns the keys of the uploads in parts that have begun and have not ended.
func (b *Bucket) Uploads(t *testing.T) []string {
	t.Helper()
	keys, err := b.server.store.uploads(t.Context(), b.Endpoint, b.name)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

const (
	keyID  = "millrace"
	secret = "millrace-secret"
)

type amazon struct{}

func (amazon) uri(bucket string) string { return "s3://" + bucket }

func (amazon) settings(endpoint string) map[string]string {
	return map[string]string{
		"MLFLOW_S3_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1",
		"AWS_ACCESS_KEY_ID": keyID, "AWS_SECRET_ACCESS_KEY": secret,
	}
}

func (amazon) client(endpoint string) *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: &endpoint, UsePathStyle: true, Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider(keyID, secret, ""),
	})
}

func (a amazon) create(ctx context.Context, endpoint, bucket string) error {
	_, err := a.client(endpoint).CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket})
	return err
}

func (a amazon) uploads(ctx context.Context, endpoint, bucket string) ([]string, error) {
	out, err := a.client(endpoint).ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: &bucket})
	if err != nil {
		return nil, err
	}
	var keys []string
	for _, u := range out.Uploads {
		keys = append(keys, aws.ToString(u.Key))
	}
	return keys, nil
}

type google struct{}

func (google) uri(bucket string) string { return "gs://" + bucket }

func (google) settings(endpoint string) map[string]string {
	return map[string]string{"STORAGE_EMULATOR_HOST": endpoint, "GOOGLE_APPLICATION_CREDENTIALS": ""}
}

func (google) create(ctx context.Context, endpoint, bucket string) error {
	body, err := json.Marshal(map[string]string{"name": bucket})
	if err != nil {
		return err
	}
	address := endpoint + "/storage/v1/b?project=millrace"
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	return send(r)
}

// uploads returns nothing: the store lists only complete files.
func (google) uploads(context.Context, string, string) ([]string, error) { return nil, nil }

// azure is Azurite with its public account.
type azure struct{}

const (
	account    = "devstoreaccount1"
	accountKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

func (azure) uri(bucket string) string {
	return "wasbs://" + bucket + "@" + account + ".blob.core.windows.net"
}

func (azure) settings(endpoint string) map[string]string {
	return map[string]string{
		"AZURE_STORAGE_CONNECTION_STRING": "AccountName=" + account + ";AccountKey=" + accountKey +
			";BlobEndpoint=" + endpoint + "/" + account,
	}
}

func (azure) create(ctx context.Context, endpoint, bucket string) error {
	address := endpoint + "/" + account + "/" + bucket + "?restype=container"
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, address, http.NoBody)
	if err != nil {
		return err
	}
	key, err := base64.StdEncoding.DecodeString(accountKey)
	if err != nil {
		return err
	}
	date := time.Now().UTC().Format(http.TimeFormat)
	const version = "2025-01-05"
	r.Header.Set("x-ms-date", date)
	r.Header.Set("x-ms-version", version)
	mac := hmac.New(sha256.New, key)
	// https://learn.microsoft.com/en-us/rest/api/storageservices/authorize-with-shared-key. The empty lines are those of
	// headers that the request does not have.
	fmt.Fprintf(mac, "PUT%sx-ms-date:%s\nx-ms-version:%s\n/%s/%s/%s\nrestype:container",
		strings.Repeat("\n", 12), date, version, account, account, url.PathEscape(bucket))
	r.Header.Set("Authorization", "SharedKey "+account+":"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return send(r)
}

// uploads returns nothing: blocks that belong to no file are not to be removed.
func (azure) uploads(context.Context, string, string) ([]string, error) { return nil, nil }

func send(r *http.Request) error {
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: %s %s", r.Method, r.URL, res.Status, text)
	}
	return err
}
