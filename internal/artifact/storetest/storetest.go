// Package storetest makes empty stores for tests that copy and remove the files of whole stores: a folder, and buckets
// on the servers of test/with_stores.sh.
package storetest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact"
	_ "github.com/millrace-ml/millrace/internal/artifact/all"
)

const (
	account = "devstoreaccount1"
	// accountKey is the key of Azurite, which is public.
	accountKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// Main is the TestMain of a package. It sets the variables of the stores, which they read once.
func Main(m *testing.M) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "millrace", "AWS_SECRET_ACCESS_KEY": "millrace-secret",
		"MLFLOW_S3_ENDPOINT_URL": os.Getenv("MILLRACE_TEST_S3"),
		"STORAGE_EMULATOR_HOST":  os.Getenv("MILLRACE_TEST_GCS"),
		"AZURE_STORAGE_CONNECTION_STRING": "AccountName=" + account + ";AccountKey=" + accountKey +
			";BlobEndpoint=" + strings.TrimRight(os.Getenv("MILLRACE_TEST_AZURE"), "/") + "/" + account,
	} {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// OnAll runs a test with the URI of an empty store of each kind.
func OnAll(t *testing.T, test func(t *testing.T, uri string)) {
	t.Helper()
	for name, create := range map[string]func(t *testing.T, bucket string) (uri string){
		"local": func(t *testing.T, _ string) string { t.Helper(); return t.TempDir() + "/to" },
		"S3":    NewS3, "GCS": newGCS, "Azure": newAzure,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, create(t, fmt.Sprintf("millrace-copy-%d", rand.Uint64())))
		})
	}
}

// endpoint returns the address of a server of test/with_stores.sh.
func endpoint(t *testing.T, variable string) string {
	t.Helper()
	address := os.Getenv(variable)
	if address == "" {
		t.Skipf("%s names no server: see test/with_stores.sh", variable)
	}
	return strings.TrimRight(address, "/")
}

// NewS3 makes a bucket and returns the URI of a folder in it.
func NewS3(t *testing.T, bucket string) string {
	t.Helper()
	create(t, request(t, http.MethodPut, endpoint(t, "MILLRACE_TEST_S3")+"/"+bucket, ""))
	return "s3://" + bucket + "/some/prefix"
}

func newGCS(t *testing.T, bucket string) string {
	t.Helper()
	url := endpoint(t, "MILLRACE_TEST_GCS") + "/storage/v1/b?project=millrace"
	create(t, request(t, http.MethodPost, url, `{"name":"`+bucket+`"}`))
	return "gs://" + bucket + "/some/prefix"
}

func newAzure(t *testing.T, container string) string {
	t.Helper()
	path := "/" + account + "/" + container
	r := request(t, http.MethodPut, endpoint(t, "MILLRACE_TEST_AZURE")+path+"?restype=container", "")
	now := time.Now().UTC().Format(http.TimeFormat)
	r.Header.Set("X-Ms-Date", now)
	r.Header.Set("X-Ms-Version", "2021-08-06")
	text := "PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:" + now + "\nx-ms-version:2021-08-06\n/" + account + path +
		"\nrestype:container"
	key, err := base64.StdEncoding.DecodeString(accountKey)
	if err != nil {
		t.Fatal(err)
	}
	sign := hmac.New(sha256.New, key)
	sign.Write([]byte(text))
	r.Header.Set("Authorization", "SharedKey "+account+":"+base64.StdEncoding.EncodeToString(sign.Sum(nil)))
	create(t, r)
	return "wasbs://" + container + "@" + account + ".blob.core.windows.net/some/prefix"
}

func request(t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func create(t *testing.T, r *http.Request) {
	t.Helper()
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		t.Fatalf("%s %s: %s", r.Method, r.URL, res.Status)
	}
}

// Open opens a store.
func Open(t *testing.T, uri string) artifact.Repo {
	t.Helper()
	repo, err := artifact.Open(uri)
	if err != nil {
		t.Fatal(err)
	}
	return repo
}
