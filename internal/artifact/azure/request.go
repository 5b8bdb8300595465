package azure

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact/object"
)

// apiVersion is the version of the REST API that the requests and the answers have.
const apiVersion = "2021-12-02"

const (
	maxAttempts = 3
	// retryDelay is the pause before the second attempt. It doubles with each attempt.
	retryDelay = 200 * time.Millisecond
	// maxRetryAfter is the longest pause that the store can ask for.
	maxRetryAfter = 10 * time.Second
)

// call is a request to the container or, if it has a key, to a blob.
type call struct {
	method string
	key    string
	query  url.Values
	header map[string]string
	body   []byte
	// stream leaves the body of the answer to the caller. The others are read.
	stream bool
}

// answer is a successful answer.
type answer struct {
	header http.Header
	length int64
	body   []byte        // unless it is a stream
	stream io.ReadCloser // if it is a stream
}

// responseError is an answer that is not successful.
type responseError struct {
	status  int
	code    string // "" if the answer has none
	message string
	after   time.Duration // when the store wants the next attempt
}

func (e *responseError) Error() string {
	text := e.code
	if text == "" {
		text = strconv.Itoa(e.status) + " " + http.StatusText(e.status)
	}
	if e.message != "" {
		text += ": " + e.message
	}
	return text
}

// temporary reports whether another attempt may succeed.
func (e *responseError) temporary() bool {
	return e.status == http.StatusRequestTimeout || e.status == http.StatusTooManyRequests ||
		e.status >= http.StatusInternalServerError && e.status != http.StatusNotImplemented &&
			e.status != http.StatusHTTPVersionNotSupported
}

// url returns the address of the container or of one of its blobs.
func (b *bucket) url(key string) *url.URL {
	names := []string{b.container}
	if key != "" {
		names = append(names, strings.Split(key, "/")...)
	}
	u := *b.endpoint
	u.Path += "/" + strings.Join(names, "/")
	for i, name := range names {
		names[i] = url.PathEscape(name)
	}
	u.RawPath = b.endpoint.EscapedPath() + "/" + strings.Join(names, "/")
	return &u
}

// encodeQuery encodes a query. Spaces become %20, as in Azure's SDKs, because Azure does not take a plus
// sign for a space when it checks signatures.
func encodeQuery(query url.Values) string { return strings.ReplaceAll(query.Encode(), "+", "%20") }

// do sends a request until there is an answer or it makes no sense to try again.
func (b *bucket) do(ctx context.Context, c *call) (*answer, error) {
	u := b.url(c.key)
	u.RawQuery = encodeQuery(c.query)
	found, err := b.send(ctx, c, u)
	return found, b.failed(err)
}

// send is do for any URL, and returns the error of the store.
func (b *bucket) send(ctx context.Context, c *call, u *url.URL) (found *answer, err error) {
	err = retry(ctx, func() error {
		found, err = b.attempt(ctx, c, u)
		return err
	})
	return found, err
}

// retry repeats what may succeed with another attempt.
func retry(ctx context.Context, attempt func() error) error {
	for n := 1; ; n++ {
		err := attempt()
		if n == maxAttempts || ctx.Err() != nil || !mayRetry(err) {
			return err
		}
		delay := retryDelay << (n - 1)
		delay += rand.N(delay) //nolint:gosec // The pauses of several clients must differ, and are no secret.
		var response *responseError
		if errors.As(err, &response) {
			delay = max(delay, min(response.after, maxRetryAfter))
		}
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// mayRetry reports whether an error is that of the connection or temporary. Requests for tokens have been repeated
// already.
func mayRetry(err error) bool {
	var identity *identityError
	var response *responseError
	if errors.As(err, &identity) {
		return false
	}
	if errors.As(err, &response) {
		return response.temporary()
	}
	// A client does not wait for another attempt after one that the store did not answer in time.
	return errors.Is(err, errConnection) && !errors.Is(err, os.ErrDeadlineExceeded)
}

// errConnection marks the errors of requests without a complete answer.
var errConnection = errors.New("connection")

// connectionError is the error of a request without a complete answer. Errors of timeouts are often a
// context.DeadlineExceeded, although the context has not ended.
type connectionError struct{ err error }

func (e *connectionError) Error() string        { return e.err.Error() }
func (e *connectionError) Unwrap() error        { return e.err }
func (e *connectionError) Is(target error) bool { return target == errConnection }

// newConnectionError returns the error of a request, which is that of its context if it has ended. It drops the URL,
// which may contain a shared access signature.
func newConnectionError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		if cause := context.Cause(ctx); errors.Is(cause, errUploadTime) {
			return &connectionError{cause}
		}
		return ctx.Err()
	}
	var inURL *url.Error
	if errors.As(err, &inURL) {
		err = inURL.Err
	}
	return &connectionError{err}
}

// attempt sends a request once.
func (b *bucket) attempt(ctx context.Context, c *call, u *url.URL) (*answer, error) {
	if !c.stream {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, b.store.uploadTime, errUploadTime)
		defer cancel()
	}
	copied := *u
	r, err := http.NewRequestWithContext(ctx, c.method, copied.String(), bytes.NewReader(c.body))
	if err != nil {
		return nil, err
	}
	r.URL = &copied
	r.Header.Set("x-ms-version", apiVersion)
	for name, value := range c.header {
		r.Header.Set(name, value)
	}
	if err := b.credential.authorize(ctx, r); err != nil {
		return nil, err
	}
	response, err := b.store.client.Do(r)
	if err != nil {
		return nil, newConnectionError(ctx, err)
	}
	if response.StatusCode/100 == 2 && c.stream {
		return &answer{header: response.Header, length: response.ContentLength, stream: response.Body}, nil
	}
	defer func() { _ = response.Body.Close() }() // It has been read, or its error is known.
	if response.StatusCode/100 != 2 {
		return nil, newResponseError(response)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, newConnectionError(ctx, err)
	}
	return &answer{header: response.Header, length: response.ContentLength, body: body}, nil
}

var errUploadTime = errors.New("no answer within the time of " + object.EnvTimeout)

// maxErrorBody is how much of an answer with an error is read.
const maxErrorBody = 64 << 10

// newResponseError reads the error of an answer:
// https://learn.microsoft.com/en-us/rest/api/storageservices/status-and-error-codes2.
func newResponseError(response *http.Response) error {
	e := &responseError{status: response.StatusCode, code: response.Header.Get("x-ms-error-code")}
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && seconds > 0 {
		e.after = time.Duration(seconds) * time.Second
	}
	var body struct {
		Code    string
		Message string
		Detail  string `xml:"AuthenticationErrorDetail"`
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxErrorBody))
	if err != nil || unmarshal(text, &body) != nil {
		return e // Proxies answer with pages.
	}
	if e.code == "" {
		e.code = body.Code
	}
	e.message = firstLine(body.Message)
	// The detail says that a signature is too old, for example. Those that quote signed texts are of no use.
	if detail := firstLine(body.Detail); detail != "" && !strings.Contains(strings.ToLower(body.Detail), "to sign") {
		e.message = detail
	}
	return e
}

// unmarshal reads XML, which Azure begins with a byte order mark.
func unmarshal(text []byte, v any) error {
	return xml.Unmarshal(bytes.TrimPrefix(text, []byte("\ufeff")), v)
}

// firstLine returns the first line of a message. The others are the id and the time of the request.
func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(line)
}
