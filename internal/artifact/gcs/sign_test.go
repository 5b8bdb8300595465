package gcs

import (
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

// TestSignatures has requests with the signatures that Google publishes for them.
func TestSignatures(t *testing.T) {
	data, err := os.ReadFile("testdata/signatures.json")
	if err != nil {
		t.Fatal(err)
	}
	var published struct {
		Email string `json:"client_email"`
		Key   string `json:"private_key"`
		Tests []struct {
			Description, Bucket, Object, Method, ExpectedURL, UniverseDomain string
			Expiration                                                       time.Duration
			Timestamp                                                        time.Time
			Headers, QueryParameters                                         map[string]string
		}
	}
	if err := json.Unmarshal(data, &published); err != nil {
		t.Fatal(err)
	}
	key, err := newSigningKey(published.Email, published.Key)
	if err != nil {
		t.Fatal(err)
	}
	if len(published.Tests) == 0 {
		t.Error("no tests")
	}
	for _, c := range published.Tests {
		host := "googleapis.com"
		if c.UniverseDomain != "" {
			host = c.UniverseDomain
		}
		b := &bucket{&store{endpoint: "https://storage." + host, key: key}, c.Bucket}
		query := url.Values{}
		for name, value := range c.QueryParameters {
			query.Set(name, value)
		}
		signed, err := b.sign(c.Method, c.Object, query, c.Headers, c.Expiration*time.Second, c.Timestamp)
		if err != nil {
			t.Errorf("%s: %v", c.Description, err)
			continue
		}
		got, err := url.Parse(signed.URL)
		if err != nil {
			t.Fatal(err)
		}
		want, err := url.Parse(c.ExpectedURL)
		if err != nil {
			t.Fatal(err)
		}
		if got.Host != want.Host || got.EscapedPath() != want.EscapedPath() || got.Query().Encode() != want.Query().Encode() {
			t.Errorf("%s:\n got %s\nwant %s", c.Description, got, want)
		}
	}
}

func TestSignRefuses(t *testing.T) {
	b := newSigner(t, "http://127.0.0.1:1")
	for _, valid := range []time.Duration{-time.Hour, 0, time.Millisecond, 8 * 24 * time.Hour} {
		if _, err := b.SignGet(t.Context(), "k", valid); !errors.Is(err, mlflow.InvalidParameterValue) {
			t.Errorf("valid for %s: %v", valid, err)
		}
	}
	b.store.key = nil
	for name, sign := range signatures {
		if err := sign(t, b); !errors.Is(err, mlflow.NotImplemented) {
			t.Errorf("%s without a key: %v", name, err)
		}
	}
}

// signatures has every kind of signature.
var signatures = map[string]func(t *testing.T, b *bucket) error{
	"get": func(t *testing.T, b *bucket) error {
		_, err := b.SignGet(t.Context(), "k", time.Minute)
		return err
	},
	"put": func(t *testing.T, b *bucket) error {
		_, err := b.SignPut(t.Context(), "k", time.Minute)
		return err
	},
	"parts": func(t *testing.T, b *bucket) error {
		_, _, err := b.SignParts(t.Context(), "k", 1, time.Minute)
		return err
	},
}
