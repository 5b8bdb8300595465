package accounts_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/accounts"
	"github.com/millrace-ml/millrace/mlflow"
)

func TestAudit(t *testing.T) {
	onAll(t, func(t *testing.T, s store) {
		ctx := t.Context()
		for i := range 25 {
			e := accounts.AuditEntry{
				TimestampMS: int64(1000 * (i + 1)), Username: fmt.Sprint("user ", i%2), Client: "10.0.0.1",
				Action: fmt.Sprint("action ", i%5), Detail: fmt.Sprint(i), Result: "OK",
			}
			if err := s.Audit(ctx, e); err != nil {
				t.Fatal(err)
			}
		}
		read := func(f accounts.AuditFilter) (details []string) {
			t.Helper()
			for token := ""; ; {
				list, next, err := s.AuditLog(ctx, f, 4, token)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range list {
					details = append(details, e.Detail)
				}
				if token = next; token == "" {
					return details
				}
				if len(list) != 4 {
					t.Errorf("a page of %d entries before the last page", len(list))
				}
			}
		}
		for name, c := range map[string]struct {
			filter accounts.AuditFilter
			want   string
		}{
			"a user":      {accounts.AuditFilter{Username: "user 1", FromMS: 18_000}, "23 21 19 17"},
			"an action":   {accounts.AuditFilter{Action: "action 3"}, "23 18 13 8 3"},
			"a time":      {accounts.AuditFilter{FromMS: 3000, ToMS: 6000}, "4 3 2"},
			"a result":    {accounts.AuditFilter{Result: "PERMISSION_DENIED"}, ""},
			"all of them": {accounts.AuditFilter{Username: "user 0", Action: "action 0", Result: "OK"}, "20 10 0"},
		} {
			if got := strings.Join(read(c.filter), " "); got != c.want {
				t.Errorf("%s: %s, want %s", name, got, c.want)
			}
		}
		if err := s.PruneAudit(ctx, 24_000); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(read(accounts.AuditFilter{}), " "); got != "24 23" {
			t.Errorf("after the retention: %s", got)
		}
	})
}

func TestAuditOfAnything(t *testing.T) {
	onAll(t, func(t *testing.T, s store) {
		for _, text := range []string{strings.Repeat("ä", 5000), "\x00\xff", "'; DROP TABLE users; --", ""} {
			e := accounts.AuditEntry{TimestampMS: 1, Username: text, Client: text, Action: text, Detail: text, Result: "OK"}
			if err := s.Audit(t.Context(), e); err != nil {
				t.Errorf("%.20q: %v", text, err)
			}
		}
		for _, limit := range []int{-1, 0, 1001} {
			_, _, err := s.AuditLog(t.Context(), accounts.AuditFilter{}, limit, "")
			wantCode(t, err, mlflow.InvalidParameterValue)
		}
		_, _, err := s.AuditLog(t.Context(), accounts.AuditFilter{}, 1, "x")
		wantCode(t, err, mlflow.InvalidParameterValue)
	})
}
