package webhooks

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Headers of a delivery.
const (
	// HeaderDelivery has the id of the delivery. It is the same when a delivery is repeated,
	// so that a receiver can tell that it has seen it.
	HeaderDelivery = "X-MLflow-Delivery-Id"
	// HeaderTimestamp has the time at which the request was sent, in seconds since the epoch.
	HeaderTimestamp = "X-MLflow-Timestamp"
	// HeaderSignature has the signature. Webhooks without a secret have none.
	HeaderSignature = "X-MLflow-Signature"
)

// MaxAge is the age from which on Receive refuses a request, and how far the clocks may
// differ.
const MaxAge = 5 * time.Minute

// maxReceived is the maximum of a body in bytes.
const maxReceived = 4 << 20

// ErrSignature is the error of a request that is not signed with the secret, or is too old.
var ErrSignature = errors.New("the signature of the webhook is invalid")

// Notification is an event that happened. Data has the fields of its kind, which
// docs/webhooks.md lists.
type Notification struct {
	Entity    string          `json:"entity"`
	Action    string          `json:"action"`
	Timestamp time.Time       `json:"timestamp"`
	Workspace string          `json:"workspace,omitempty"`
	Data      json.RawMessage `json:"data"`
}

// Receive reads a request of a webhook of Millrace or MLflow. It checks the signature unless
// secret is "".
func Receive(r *http.Request, secret string) (*Notification, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxReceived+1))
	if err != nil {
		return nil, fmt.Errorf("reading a webhook: %w", err)
	}
	if len(body) > maxReceived {
		return nil, fmt.Errorf("the webhook has more than %d bytes", maxReceived)
	}
	if secret != "" {
		if err := Verify(r.Header, body, secret); err != nil {
			return nil, err
		}
	}
	var n Notification
	if err := json.Unmarshal(body, &n); err != nil {
		return nil, fmt.Errorf("reading a webhook: %w", err)
	}
	return &n, nil
}

// Verify checks the signature of a body and that it was sent within MaxAge. It returns an
// ErrSignature if not.
func Verify(h http.Header, body []byte, secret string) error {
	sent, err := strconv.ParseInt(h.Get(HeaderTimestamp), 10, 64)
	if err != nil {
		return fmt.Errorf("%w: it has no time", ErrSignature)
	}
	if age := time.Since(time.Unix(sent, 0)); age.Abs() > MaxAge {
		return fmt.Errorf("%w: it was sent %s ago", ErrSignature, age.Round(time.Second))
	}
	want := Signature(secret, h.Get(HeaderDelivery), h.Get(HeaderTimestamp), body)
	if !hmac.Equal([]byte(want), []byte(h.Get(HeaderSignature))) {
		return ErrSignature
	}
	return nil
}

// Signature returns the value of HeaderSignature: "v1," and the HMAC-SHA256 of the id of the
// delivery, the timestamp and the body in base64.
func Signature(secret, deliveryID, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(deliveryID + "." + timestamp + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
