package fernet

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"
)

// specKey and the token below are those of generate.json in the specification.
const specKey = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="

func mustKey(t *testing.T, text string) Key {
	t.Helper()
	k, err := ParseKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSpecification(t *testing.T) {
	t.Parallel()
	k := mustKey(t, specKey)
	iv := make([]byte, 16)
	for i := range iv {
		iv[i] = byte(i)
	}
	const want = "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA=="
	got, err := k.seal("hello", time.Date(1985, 10, 26, 1, 20, 0, 0, time.FixedZone("", -7*3600)), iv)
	if err != nil || got != want {
		t.Errorf("sealed %s, %v\nwant   %s", got, err, want)
	}
	if text, err := k.Open(want); err != nil || text != "hello" {
		t.Errorf("opened %q, %v", text, err)
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	k := mustKey(t, specKey)
	for _, text := range []string{"", "x", strings.Repeat("y", 15), strings.Repeat("z", 16), "é\x00", strings.Repeat("long", 200)} {
		token, err := k.Seal(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := k.Open(token); err != nil || got != text {
			t.Errorf("%q was opened as %q, %v", text, got, err)
		}
		if again, _ := k.Seal(text); again == token {
			t.Error("two tokens are equal")
		}
	}
}

func TestRefusedTokens(t *testing.T) {
	t.Parallel()
	k := mustKey(t, specKey)
	token, err := k.Seal("secret")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.URLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw { // Each byte counts.
		changed := append([]byte(nil), raw...)
		changed[i] ^= 1
		if text, err := k.Open(base64.URLEncoding.EncodeToString(changed)); !errors.Is(err, ErrWrongKey) {
			t.Errorf("with another byte %d: %q, %v", i, text, err)
		}
	}
	for n := range raw {
		if text, err := k.Open(base64.URLEncoding.EncodeToString(raw[:n])); !errors.Is(err, ErrWrongKey) {
			t.Errorf("the first %d bytes: %q, %v", n, text, err)
		}
	}
	other := mustKey(t, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
	if _, err := other.Open(token); !errors.Is(err, ErrWrongKey) {
		t.Errorf("with another key: %v", err)
	}
	if _, err := (Key{}).Open(token); !errors.Is(err, ErrNoKey) {
		t.Errorf("without a key: %v", err)
	}
	if _, err := (Key{}).Seal("x"); !errors.Is(err, ErrNoKey) {
		t.Errorf("sealed without a key: %v", err)
	}
}

func TestParseKey(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"x", "AAAA", specKey + "A", strings.Repeat("A", 64), "!" + specKey[1:]} {
		if _, err := ParseKey(text); err == nil {
			t.Errorf("%q is a key", text)
		}
	}
	if k, err := ParseKey(""); err != nil || k.Known() {
		t.Errorf("no key: %v, %v", k, err)
	}
}
