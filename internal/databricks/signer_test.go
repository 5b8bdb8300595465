package databricks

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

func TestGrantsExpire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &signer{key: [32]byte{1}}
		token, err := s.sign(grant{Path: "1/x", Write: true, Expires: time.Now().Add(signedFor).Unix()})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(signedFor - time.Second)
		if g, err := s.open(token, true); err != nil || g.Path != "1/x" {
			t.Errorf("before its end: %+v, %v", g, err)
		}
		time.Sleep(time.Second)
		if g, err := s.open(token, true); !errors.Is(err, mlflow.PermissionDenied) {
			t.Errorf("at its end: %+v, %v", g, err)
		}
	})
}
