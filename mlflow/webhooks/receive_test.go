package webhooks_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/mlflow/webhooks"
)

// TestSignature compares a signature with one that MLflow 3.17.2 sent, whose secret was "topsecret".
func TestSignature(t *testing.T) {
	t.Parallel()
	const body = `{"entity": "budget_policy", "action": "exceeded", "timestamp": "2026-11-28T14:10:40.281404+00:00", ` +
		`"data": {"budget_policy_id": "bp-abc123", "budget_unit": "USD", "budget_amount": 100.0, "current_spend": 105.5, ` +
		`"duration_unit": "MONTHS", "duration_value": 1, "target_scope": "ENDPOINT", "workspace": "default", ` +
		`"target_value": "ep-abc123", "window_start": 1704067200000}}`
	const want = "v1,0IeIVMs9NuI+4gYU5k7tsNFXyUg5kZ/mdwjXI70a/tI="
	got := webhooks.Signature("topsecret", "2510afcb-c2d3-4dee-8176-28f5c99cdb1a", "1795875040", []byte(body))
	if got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
}

func TestReceive(t *testing.T) {
	t.Parallel()
	const body = `{"entity": "run", "action": "finished", "timestamp": "2026-11-28T14:10:40.449324+00:00", "data": {"run_id": "r"}}`
	request := func(secret string, age time.Duration) *http.Request {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		at := strconv.FormatInt(time.Now().Add(-age).Unix(), 10)
		r.Header.Set(webhooks.HeaderDelivery, "id")
		r.Header.Set(webhooks.HeaderTimestamp, at)
		r.Header.Set(webhooks.HeaderSignature, webhooks.Signature(secret, "id", at, []byte(body)))
		return r
	}
	n, err := webhooks.Receive(request("s", 0), "s")
	if err != nil || n.Entity != "run" || n.Action != "finished" || string(n.Data) != `{"run_id": "r"}` || n.Timestamp.Year() != 2026 {
		t.Errorf("received %+v, %v", n, err)
	}
	unsigned := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	if _, err := webhooks.Receive(unsigned, ""); err != nil {
		t.Errorf("without a secret: %v", err)
	}
	other := request("s", 0)
	other.Header.Set(webhooks.HeaderDelivery, "another")
	for name, r := range map[string]*http.Request{
		"another secret": request("x", 0), "old": request("s", time.Hour), "of the future": request("s", -time.Hour),
		"another delivery": other, "unsigned": httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body)),
	} {
		if n, err := webhooks.Receive(r, "s"); !errors.Is(err, webhooks.ErrSignature) {
			t.Errorf("%s: %+v, %v", name, n, err)
		}
	}
	long := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"entity": "`+strings.Repeat("x", 5<<20)+`"}`))
	if _, err := webhooks.Receive(long, ""); err == nil {
		t.Error("a body of 5 MB was received")
	}
	if _, err := webhooks.Receive(httptest.NewRequest(http.MethodPost, "/", strings.NewReader("x")), ""); err == nil {
		t.Error("a body that is not JSON was received")
	}
}
