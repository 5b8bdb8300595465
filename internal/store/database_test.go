package store_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/internal/store/storetest"
)

func TestDatabase(t *testing.T) {
	t.Parallel()
	dbtest.OnAll(t, func(t *testing.T, uri string) {
		info, err := storetest.Open(t, uri).Database(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		kinds := map[string]string{"sqlite": "SQLite", "postgresql": "PostgreSQL", "mysql": "MySQL MariaDB"}
		scheme, _, _ := strings.Cut(uri, ":")
		if info.Kind == "" || !strings.Contains(kinds[scheme], info.Kind) {
			t.Errorf("%s is %q", scheme, info.Kind)
		}
		if !regexp.MustCompile(`^\d+\.\d+`).MatchString(info.Version) || !regexp.MustCompile(`^\w{8,}$`).MatchString(info.Revision) {
			t.Errorf("%+v", info)
		}
	})
}
