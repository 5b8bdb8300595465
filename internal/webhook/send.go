package webhook

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/version"
	"github.com/millrace-ml/millrace/mlflow/webhooks"
)

// Sender sends requests to webhooks.
type Sender struct {
	targets *Targets
	client  *http.Client
}

// NewSender returns a Sender whose requests take timeout at most. It uses no proxy, because a
// proxy would resolve the name again, and it follows no redirect.
func NewSender(targets *Targets, timeout time.Duration) *Sender {
	return &Sender{targets, &http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			DialContext: targets.Dial, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute,
			TLSHandshakeTimeout: timeout, MaxResponseHeaderBytes: maxHeader,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

const (
	// maxHeader and maxResponse are the bytes that are read of a response.
	maxHeader   = 64 << 10
	maxResponse = 64 << 10
)

// Response is the answer of a receiver.
type Response struct {
	Status     int
	Body       string
	RetryAfter string
}

// Send sends a body to a URL. It signs it unless the secret is "".
func (s *Sender) Send(ctx context.Context, to, secret, deliveryID, body string) (*Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(body))
	if err != nil {
		return nil, withoutURL(err)
	}
	timestamp := strconv.FormatInt(time.Now().Unix(), 10)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "millrace/"+version.Release())
	// Set would change the case of the names, which some receivers compare.
	r.Header[webhooks.HeaderDelivery] = []string{deliveryID}
	r.Header[webhooks.HeaderTimestamp] = []string{timestamp}
	if secret != "" {
		r.Header[webhooks.HeaderSignature] = []string{webhooks.Signature(secret, deliveryID, timestamp, []byte(body))}
	}
	// A server with other settings may have stored the URL.
	if err := s.targets.checkScheme(r.URL); err != nil {
		return nil, err
	}
	resp, err := s.client.Do(r)
	if err != nil {
		return nil, withoutURL(err)
	}
	defer resp.Body.Close()
	// What has been read of a body that breaks off is enough: the receiver has answered.
	text, _ := io.ReadAll(io.LimitReader(resp.Body, maxResponse))
	return &Response{
		resp.StatusCode, strings.ToValidUTF8(string(text), "\ufffd"), resp.Header.Get("Retry-After"),
	}, nil
}

// withoutURL removes the URL from an error, because it may have a password or a token.
func withoutURL(err error) error {
	if failed, is := errors.AsType[*url.Error](err); is {
		return failed.Err
	}
	return err
}
