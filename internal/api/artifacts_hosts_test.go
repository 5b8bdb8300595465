package api_test

import (
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/api"
	_ "github.com/millrace-ml/millrace/internal/artifact/azure" // abfss: URIs
)

// TestOtherHosts checks to which hosts the server connects for the location of a client.
func TestOtherHosts(t *testing.T) {
	t.Setenv("AZURE_STORAGE_SAS_TOKEN", "sv=1&sig=secret")
	const root = "abfss://team@acc.dfs.core.windows.net/root"
	for _, c := range []struct {
		destination, root, allowed, uri string
		other                           bool
	}{
		{"", root, "", root + "/1", false},
		{root, "mlflow-artifacts:/", "", root + "/1", false},
		{"", root, "", "abfss://another@ACC.dfs.core.windows.net/1", false},
		{"", root, "", "abfss://team@evil.dfs.core.windows.net/1", true},
		{"", root, "", "abfs://team@evil.dfs.core.windows.net/1", true},
		{"", root, "ABFSS", "abfss://team@evil.dfs.core.windows.net/1", false},
		{"", root, "hdfs", "abfss://team@evil.dfs.core.windows.net/1", true},
		{"", "wasbs://team@acc.blob.core.windows.net", "", root, true},
		{"", "mlflow-artifacts:/", "", root, true},
		{"", root, "", "abfss:///1", true},
		{"", root, "", "hdfs://acc.dfs.core.windows.net/1", true},
		{"", root, "", "mlflow-artifacts://host/1", true},
		{"", root, "", "mlflow-artifacts:/1", false},
		{"", root, "", "/a", false},
	} {
		t.Setenv("AZURE_STORAGE_ACCESS_KEY", "a2V5")
		a, err := api.NewArtifacts(c.destination, c.root)
		if err != nil {
			t.Fatal(err)
		}
		a.AllowedHostSchemes = []string{c.allowed}
		if got := a.NamesOtherHost(c.uri); got != c.other {
			t.Errorf("%s with the root %s%s: other host %t", c.uri, c.destination, c.root, got)
		}
		if !strings.HasPrefix(c.uri, "abfs") || c.uri == "abfss:///1" {
			continue
		}
		_, _, err = a.Locate(c.uri)
		if (err != nil) != c.other || err != nil && !strings.Contains(err.Error(), "does not connect to artifact location") {
			t.Errorf("locate %s with the root %s%s: %v", c.uri, c.destination, c.root, err)
		}
	}
}
