package signedurl

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

func TestTokensExpire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New([32]byte{1}, "test")
		token, err := s.Sign("grant", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		var got string
		time.Sleep(time.Hour - time.Second)
		if err := s.Open(token, &got); err != nil || got != "grant" {
			t.Errorf("before its end: %q, %v", got, err)
		}
		time.Sleep(time.Second)
		if err := s.Open(token, &got); !errors.Is(err, mlflow.PermissionDenied) {
			t.Errorf("at its end: %v", err)
		}
	})
}

func TestTokensOfOthers(t *testing.T) {
	t.Parallel()
	s := New([32]byte{1}, "test")
	token, err := s.Sign("grant", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	var got string
	for name, other := range map[string]*Signer{"key": New([32]byte{2}, "test"), "purpose": New([32]byte{1}, "other")} {
		if err := other.Open(token, &got); !errors.Is(err, mlflow.PermissionDenied) {
			t.Errorf("another %s: %v", name, err)
		}
	}
	payload, mac, _ := strings.Cut(token, ".")
	for _, forged := range []string{"", payload, payload + ".", payload + ".???", token + "AA", payload[1:] + "." + mac} {
		if err := s.Open(forged, &got); !errors.Is(err, mlflow.PermissionDenied) {
			t.Errorf("%q: %v", forged, err)
		}
	}
	var number int
	if err := s.Open(token, &number); !errors.Is(err, mlflow.PermissionDenied) {
		t.Errorf("a grant of another type: %v", err)
	}
}
