package gcs

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"

	"github.com/millrace-ml/millrace/internal/artifact/object"
)

// Variables of the environment that Google's libraries and MLflow define.
const (
	envCredentials   = "GOOGLE_APPLICATION_CREDENTIALS" //nolint:gosec // It is the name of a file's variable.
	envEmulator      = "STORAGE_EMULATOR_HOST"
	envUploadChunk   = "MLFLOW_GCS_UPLOAD_CHUNK_SIZE"
	envDownloadChunk = "MLFLOW_GCS_DOWNLOAD_CHUNK_SIZE"
)

const (
	scope       = "https://www.googleapis.com/auth/devstorage.read_write"
	dialTimeout = 5 * time.Second
	// tokenTimeout limits a request for a token.
	tokenTimeout = 15 * time.Second
	// firstPause is the mean time before the second attempt of a request. It doubles with each attempt.
	firstPause = 500 * time.Millisecond
	// quantum is the unit of the sizes of chunks.
	quantum = 256 << 10
)

// store is an endpoint with credentials.
type store struct {
	client   *http.Client
	endpoint string
	tokens   oauth2.TokenSource // nil if the requests are anonymous
	noTokens atomic.Bool        // The service that issues tokens did not answer the last time.
	key      *signingKey        // nil if the credentials cannot sign
	timeout  time.Duration
	pause    time.Duration
	// uploadChunk and downloadChunk are the largest numbers of bytes in one request, 0 if there is no limit.
	uploadChunk, downloadChunk int64
}

// newStore reads the settings.
func newStore(ctx context.Context, getenv func(string) string) (*store, error) {
	transport, _ := http.DefaultTransport.(*http.Transport)
	transport = transport.Clone()
	transport.DialContext = (&net.Dialer{Timeout: dialTimeout}).DialContext
	transport.TLSHandshakeTimeout = dialTimeout
	transport.MaxIdleConnsPerHost = 64
	s := &store{
		client: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		pause: firstPause,
	}
	var err error
	if s.uploadChunk, err = chunkSize(envUploadChunk, getenv(envUploadChunk)); err != nil {
		return nil, err
	}
	if s.downloadChunk, err = chunkSize(envDownloadChunk, getenv(envDownloadChunk)); err != nil {
		return nil, err
	}
	if s.timeout, err = object.StallTime(getenv(object.EnvTimeout)); err != nil {
		return nil, err
	}
	emulator := getenv(envEmulator)
	if emulator == "" || getenv(envCredentials) != "" {
		if err := s.setCredentials(ctx, getenv(envCredentials)); err != nil {
			return nil, err
		}
	}
	if emulator != "" { // Emulators have no accounts. The key is only for signed requests.
		if !strings.Contains(emulator, "://") {
			emulator = "http://" + emulator
		}
		s.endpoint, s.tokens = strings.TrimRight(emulator, "/"), nil
	}
	return s, nil
}

// setCredentials finds the credentials as Google's libraries do. As in MLflow, requests are anonymous if there are
// none.
func (s *store) setCredentials(ctx context.Context, file string) error {
	s.endpoint = "https://storage.googleapis.com"
	ctx = context.WithValue(ctx, oauth2.HTTPClient, &http.Client{
		Transport: &tokenTransport{s.client.Transport, &s.noTokens}, Timeout: tokenTimeout,
	})
	found, err := google.FindDefaultCredentials(ctx, scope)
	switch {
	case err != nil && file != "":
		return fmt.Errorf("%s=%s: %w", envCredentials, file, err)
	case err != nil:
		return nil //nolint:nilerr // There are no credentials.
	}
	s.tokens = found.TokenSource
	if found.JSON == nil {
		return nil
	}
	var account struct {
		Email    string `json:"client_email"`
		Key      string `json:"private_key"`
		Universe string `json:"universe_domain"`
	}
	if err := json.Unmarshal(found.JSON, &account); err != nil {
		return fmt.Errorf("credentials of Google Cloud: %w", err)
	}
	if account.Universe != "" {
		s.endpoint = "https://storage." + account.Universe
	}
	if account.Key != "" && account.Email != "" {
		if s.key, err = newSigningKey(account.Email, account.Key); err != nil {
			return fmt.Errorf("private key of %s: %w", account.Email, err)
		}
	}
	return nil
}

// tokenTransport records whether the service that issues tokens answers. x/oauth2 has that in the text of its errors
// only.
type tokenTransport struct {
	http.RoundTripper
	away *atomic.Bool
}

func (t *tokenTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := t.RoundTripper.RoundTrip(r)
	t.away.Store(err != nil || (&storeError{status: res.StatusCode}).away())
	return res, err
}

// chunkSize reads a size in bytes. As in MLflow, -1 means no limit.
func chunkSize(name, value string) (int64, error) {
	if value == "" || value == "-1" {
		return 0, nil
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n <= 0 || n%quantum != 0 {
		return 0, fmt.Errorf("%s=%s: want a multiple of 262144 (256 KiB), or -1", name, value)
	}
	return n, nil
}

func lookupEnv(name string) string { return os.Getenv(name) }
