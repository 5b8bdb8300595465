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
)

// Client calls an MLflow-compatible tracking server.
type Client struct {
	base  string
	token string
	http  *http.Client
}

// Option changes how a Client connects.
type Option func(*Client)

// WithToken sends a bearer token with every request.
func WithToken(token string) Option { return func(c *Client) { c.token = token } }

// WithHTTPClient uses h instead of [http.DefaultClient].
func WithHTTPClient(h *http.Client) Option { return func(c *Client) { c.http = h } }

// NewClient returns a client of the server at base, such as http://127.0.0.1:5000.
func NewClient(base string, opts ...Option) *Client {
	c := &Client{base: strings.TrimRight(base, "/"), http: http.DefaultClient}
	for _, o := range opts {
		o(c)
	}
	return c
}

// call sends in to the endpoint. The response is never nil, so that callers can
// pick a field from it before they look at the error.
func call[Req, Resp any](ctx context.Context, c *Client, e Endpoint[Req, Resp], in *Req) (*Resp, error) {
	out := new(Resp)
	req, err := newRequest(ctx, c.base, e.Method, e.Path, in)
	if err != nil {
		return out, err
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return out, fmt.Errorf("calling %s: %w", e.Path, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return out, fmt.Errorf("reading the answer of %s: %w", e.Path, err)
	}
	if resp.StatusCode != http.StatusOK {
		return out, responseError(resp, body)
	}
	if err := json.Unmarshal(body, out); err != nil {
		return out, fmt.Errorf("reading the answer of %s: %w", e.Path, err)
	}
	return out, nil
}

func responseError(resp *http.Response, body []byte) error {
	var e struct {
		Code     ErrorCode `json:"error_code"`
		Message  string    `json:"message"`
		Position *int      `json:"position"`
	}
	if json.Unmarshal(body, &e) != nil || e.Code == "" {
		return &Error{Code: InternalError, Status: resp.StatusCode, Message: "the server answered " + resp.Status}
	}
	return &Error{Code: e.Code, Message: e.Message, Status: resp.StatusCode, Position: e.Position}
}

func newRequest(ctx context.Context, base, method, path string, in any) (*http.Request, error) {
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
	target := base + "/api/" + path
	if method == http.MethodGet {
		if len(query) > 0 {
			target += "?" + query.Encode()
		}
		return http.NewRequestWithContext(ctx, method, target, http.NoBody)
	}
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	return req, nil
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
