package mlflow

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"sync/atomic"
	"time"
)

// Client is a client of a tracking server with MLflow's API. It is safe for concurrent
// use.
type Client struct {
	base       string
	authorize  func(*http.Request)
	http       *http.Client
	trusted    []origin // in addition to the server's own origin
	localFiles bool
	spillDir   string
	spillLimit int64
	stallAfter time.Duration
	invalid    error // error of an option, which every request returns
	retryFor   time.Duration
	progress   func(Transfer)
	experiment *atomic.Value // ID of the experiment of SetExperiment
}

// Option configures a Client.
type Option func(*Client)

// WithToken sends a bearer token with every request to the server, unless it is empty.
// See [WithTrustedHosts] for other hosts.
func WithToken(token string) Option {
	return func(c *Client) {
		if token != "" {
			c.authorize = func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
		}
	}
}

// WithBasicAuth sends a user name and a password with every request to the server. See
// [WithTrustedHosts] for other hosts.
func WithBasicAuth(user, password string) Option {
	return func(c *Client) { c.authorize = func(r *http.Request) { r.SetBasicAuth(user, password) } }
}

// WithHTTPClient uses h instead of [http.DefaultClient].
func WithHTTPClient(h *http.Client) Option { return func(c *Client) { c.http = h } }

// WithRetryFor sets how long a request is retried if the server is not available or
// responds with 429 or 503. The default is 10 s; 0 disables retries. The time starts
// with the first failure, and again when the transfer of a file made progress. Requests
// that are not idempotent are retried only if the server did not process them.
func WithRetryFor(d time.Duration) Option { return func(c *Client) { c.retryFor = d } }

// WithProgress calls f, concurrently, during uploads and downloads.
func WithProgress(f func(Transfer)) Option { return func(c *Client) { c.progress = f } }

// NewClient returns a client of the server with the given base URL, such as
// http://127.0.0.1:5000. It ignores the environment; see [Connect].
func NewClient(base string, opts ...Option) *Client {
	c := &Client{
		base: strings.TrimRight(base, "/"), http: http.DefaultClient, retryFor: 10 * time.Second,
		authorize: func(*http.Request) {}, progress: func(Transfer) {}, experiment: new(atomic.Value),
	}
	c.spillLimit, c.stallAfter = spillLimit, stallAfter
	c.localFiles = c.baseOrigin().loopback()
	for _, o := range opts {
		o(c)
	}
	c.http = c.confined(c.http)
	return c
}

// URL returns the base URL of the server.
func (c *Client) URL() string { return c.base }

// call sends a request to an endpoint. The response is never nil, so that callers can
// return a field of it with the error.
func call[Req, Resp any](ctx context.Context, c *Client, e Endpoint[Req, Resp], in *Req) (*Resp, error) {
	out := new(Resp)
	target, body, err := encode(c.base, e.Method, e.Path, in)
	if err != nil {
		return out, err
	}
	return out, c.exchange(ctx, repeatable(e.Method, e.Path), e.Method, target, body, out)
}

// exchange sends a request, with retries, and decodes the response into out.
func (c *Client) exchange(ctx context.Context, repeatable bool, method, target string, body []byte, out any) error {
	var answer []byte
	err := c.retry(ctx, repeatable, func() (err error) {
		answer, err = c.roundTrip(ctx, method, target, body)
		return err
	})
	if err != nil {
		return err
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("reading the answer of %s: %w", target, err)
	}
	return nil
}

// roundTrip sends a request once and returns the response. body may be nil.
func (c *Client) roundTrip(ctx context.Context, method, target string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("reading the tracking server's answer: %w", err)
	}
	return answer, nil
}

func responseError(resp *http.Response, body []byte) error {
	var e struct {
		Code     ErrorCode `json:"error_code"`
		Message  string    `json:"message"`
		Position *int      `json:"position"`
	}
	if json.Unmarshal(body, &e) != nil || e.Code == "" {
		return &Error{Code: codeOf(resp.StatusCode), Status: resp.StatusCode, Message: "the server answered " + resp.Status}
	}
	return &Error{Code: e.Code, Message: e.Message, Status: resp.StatusCode, Position: e.Position}
}

// codeOf returns the error code for a response that is not an error of the API, such as
// one of a proxy.
func codeOf(status int) ErrorCode {
	for _, code := range []ErrorCode{
		BadRequest, EndpointNotFound, Unauthenticated, PermissionDenied, RequestLimitExceeded, NotImplemented,
		TemporarilyUnavailable, DeadlineExceeded,
	} {
		if code.HTTPStatus() == status {
			return code
		}
	}
	return InternalError
}

// encode returns the URL and the body of a request. A GET has no body.
func encode(base, method, path string, in any) (target string, body []byte, err error) {
	v := reflect.ValueOf(in).Elem()
	query := url.Values{}
	for i := range v.NumField() {
		f, fv := v.Type().Field(i), v.Field(i)
		if name, ok := f.Tag.Lookup("path"); ok {
			value := url.PathEscape(fv.String())
			path = strings.NewReplacer("{"+name+"}", value, "{"+name+"...}", value).Replace(path)
			continue
		}
		if method == http.MethodGet {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			addQuery(query, name, fv)
		}
	}
	target = base + "/api/" + path
	if method != http.MethodGet {
		body, err = marshal(in)
		return target, body, err
	}
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	return target, nil, nil
}

// marshal encodes a message as JSON.
func marshal(in any) ([]byte, error) {
	if a, ok := in.(interface{ AppendJSON([]byte) []byte }); ok {
		return a.AppendJSON(nil), nil
	}
	return json.Marshal(in)
}

func addQuery(q url.Values, name string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			q.Add(name, fmt.Sprint(v.Elem().Interface()))
		}
	case reflect.Slice:
		for i := range v.Len() {
			q.Add(name, fmt.Sprint(v.Index(i).Interface()))
		}
	default:
		if !v.IsZero() {
			q.Add(name, fmt.Sprint(v.Interface()))
		}
	}
}
