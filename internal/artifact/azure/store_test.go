package azure

import (
	"strings"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact/object"
)

func TestSettings(t *testing.T) {
	const account = "AccountName=a;AccountKey=a2V5;"
	for _, c := range []struct{ name, value, want string }{
		{envConnection, account, ""},
		{envConnection, " accountname = a ; ACCOUNTKEY=a2V5; QueueEndpoint=https://q ;", ""},
		{envConnection, "UseDevelopmentStorage=true", ""},
		{envConnection, "BlobEndpoint=https://h/x/;SharedAccessSignature=?" + testSAS, ""},
		{envConnection, "AccountName=a", "neither AccountKey nor SharedAccessSignature"},
		{envConnection, "AccountKey=a2V5", "neither AccountName nor BlobEndpoint"},
		{envConnection, "AccountKey=a2V5;BlobEndpoint=https://h", "AccountKey needs AccountName"},
		{envConnection, "AccountName=a;AccountKey=%secret%", "the account key is not in base64"},
		{envConnection, account + "BlobEndpoint=ftp://h", "the endpoint is not a URL"},
		{envConnection, account + "BlobEndpoint=https://h?" + testSAS, "the endpoint is not a URL"},
		{envConnection, account + "DefaultEndpointsProtocol=gopher", "the endpoint is not a URL"},
		{envConnection, account + "Secret=secret", `unknown setting "Secret"`},
		{envConnection, "secret", "setting 1 has no value"},
		{envConnection, "BlobEndpoint=https://h;SharedAccessSignature=secret", "not a shared access signature"},
		{envKey, "a2V5", ""},
		{envKey, "%secret%", "the account key is not in base64"},
		{envSAS, "?" + testSAS, ""},
		{envSAS, "secret", "not a shared access signature"},
		{object.EnvTimeout, "30", ""},
		{object.EnvTimeout, "0", "want a positive number of seconds"},
		{object.EnvTimeout, "soon", "want a positive number of seconds"},
	} {
		_, err := newStore(func(name string) string {
			if name == c.name {
				return c.value
			}
			return ""
		})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s=%s: %v, want %q", c.name, c.value, err, c.want)
		}
		if err != nil && (strings.Contains(err.Error(), secrets) || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%s: the message contains a secret: %v", c.name, err)
		}
	}
}

func TestUploadTimeSetting(t *testing.T) {
	for value, want := range map[string]time.Duration{"": 10 * time.Minute, "7": 7 * time.Second} {
		s, err := newStore(func(name string) string { return map[string]string{object.EnvTimeout: value}[name] })
		if err != nil || s.uploadTime != want {
			t.Errorf("%q: %v, %v", value, s.uploadTime, err)
		}
	}
}

// TestCredentials checks the address and the credentials of locations.
func TestCredentials(t *testing.T) {
	const (
		wasbs    = "wasbs://team@acc.blob.core.windows.net/x"
		abfss    = "abfss://team@acc.dfs.core.windows.net/x"
		keys     = envConnection + "=AccountName=acc;AccountKey=a2V5"
		other    = envConnection + "=AccountName=other;AccountKey=a2V5;EndpointSuffix=core.usgovcloudapi.net"
		plain    = envConnection + "=AccountName=acc;AccountKey=a2V5;DefaultEndpointsProtocol=http"
		emulator = envConnection + "=UseDevelopmentStorage=true"
		sasOnly  = envConnection + "=BlobEndpoint=https://acc.blob.core.windows.net/;SharedAccessSignature=" + testSAS
		key      = envKey + "=a2V5"
		sasEnv   = envSAS + "=" + testSAS
		azure    = "https://acc.blob.core.windows.net"
	)
	for _, c := range []struct {
		uri, env, endpoint, credential string
	}{
		{wasbs, keys, azure, "key of acc"},
		{wasbs, other, "https://other.blob.core.usgovcloudapi.net", "key of other"},
		{wasbs, plain, "http://acc.blob.core.windows.net", "key of acc"},
		{wasbs, emulator, "http://127.0.0.1:10000/devstoreaccount1", "key of devstoreaccount1"},
		{wasbs, sasOnly, azure, "sas"},
		{wasbs, keys + "\n" + sasEnv, azure, "key of acc"},
		{wasbs, other + "\n" + key, "https://other.blob.core.usgovcloudapi.net", "key of other"},
		{wasbs, key, azure, "key of acc"},
		{wasbs, sasEnv, azure, "identity"},
		{wasbs, "", azure, "identity"},
		{"wasb://team@acc.blob.core.chinacloudapi.cn", key, "https://acc.blob.core.chinacloudapi.cn", "key of acc"},
		{abfss, sasEnv + "\n" + keys, azure, "sas"},
		{abfss, keys, azure, "key of acc"},
		{abfss, other, azure, "identity"},
		{abfss, key, azure, "key of acc"},
		{"abfs://team@acc.dfs.core.windows.net", "", azure, "identity"},
		{"azure://team/x", keys, azure, "key of acc"},
		{"azure://team@acc.blob.core.windows.net/x", key, azure, "key of acc"},
	} {
		env := map[string]string{}
		for line := range strings.SplitSeq(c.env, "\n") {
			name, value, _ := strings.Cut(line, "=")
			env[name] = value
		}
		b := openBucket(t, env, c.uri)
		credential := ""
		switch found := b.credential.(type) {
		case *sharedKey:
			credential = "key of " + found.account
		case sas:
			credential = "sas"
		case *tokens:
			credential = "identity"
		}
		if b.endpoint.String() != c.endpoint || credential != c.credential {
			t.Errorf("%s with %s: %s, %s; want %s, %s", c.uri, c.env, b.endpoint, credential, c.endpoint, c.credential)
		}
	}
}

func TestParseURI(t *testing.T) {
	for uri, want := range map[string]string{
		"wasbs://c-1@acc.blob.core.windows.net":            "wasbs://c-1@acc.blob.core.windows.net ",
		"wasbs://team@acc.blob.core.windows.net/a/b c%41/": "wasbs://team@acc.blob.core.windows.net a/b c%41",
		"WASBS://team@ACC.blob.core.windows.net/A":         "wasbs://team@acc.blob.core.windows.net A",
		"abfss://team@acc.dfs.core.windows.net/a%20b":      "abfss://team@acc.dfs.core.windows.net a b",
		"wasbs://$web@acc.blob.core.windows.net/a":         "wasbs://$web@acc.blob.core.windows.net a",
		"azure://team/a": "azure://team a",
		"wasbs://team/a": "",
		"wasbs://team@acc.dfs.core.windows.net/a":             "",
		"abfss://team@acc.blob.core.windows.net/a":            "",
		"abfss://team@acc.dfs.core.windows.net/a%2e%2e/b%":    "",
		"abfss://team@acc.dfs.core.windows.net/a/%2e%2e/b":    "",
		"wasbs://team@acc.blob.core.windows.net.evil.com/a":   "",
		"wasbs://team@acc.blob.core.windows.net:444/a":        "",
		"wasbs://team@evil.com/a":                             "",
		"wasbs://team@a.b.blob.core.windows.net/a":            "",
		"wasbs://team:secret@acc.blob.core.windows.net/a":     "",
		"wasbs://te%2fam@acc.blob.core.windows.net/a":         "",
		"wasbs://@acc.blob.core.windows.net/a":                "",
		"wasbs://team@acc.blob.core.windows.net/a/../b":       "",
		"wasbs://team@acc.blob.core.windows.net/a?" + testSAS: "",
		"wasbs:team":      "",
		"azure://team@/a": "",
	} {
		l, err := parseURI(uri)
		if got := l.name() + " " + l.prefix; err == nil && got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v; want %q", uri, got, err, want)
		}
		if err != nil && (strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), secrets)) {
			t.Errorf("%s: the message contains a secret: %v", uri, err)
		}
	}
	s, err := newStore(func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.bucket(location{scheme: "azure", container: "team"}); err == nil || !strings.Contains(err.Error(), envConnection) {
		t.Errorf("no account: %v", err)
	}
}
