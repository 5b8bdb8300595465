package s3

import (
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/object"
)

func TestURIsWithHosts(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_REGION", "eu-west-1")
	t.Setenv(envEndpoint, "https://elsewhere.example.org")
	for uri, want := range map[string]string{
		"r2://b@account.r2.cloudflarestorage.com/a/c": "https://account.r2.cloudflarestorage.com/b/a/c/k auto",
		"R2://b@Account.eu.r2.cloudflarestorage.com":  "https://account.eu.r2.cloudflarestorage.com/b/k auto",
		"b2://b@s3.us-west-004.backblazeb2.com/p":     "https://s3.us-west-004.backblazeb2.com/b/p/k us-west-004",
		"s3://b/p": "https://elsewhere.example.org/b/p/k eu-west-1",
		"r2://b@account.r2.cloudflarestorage.com.evil/p": "",
		"r2://b@evil/account.r2.cloudflarestorage.com":   "",
		"r2://b@account.r2.cloudflarestorage.com:444/p":  "",
		"r2://b@u:p@account.r2.cloudflarestorage.com/p":  "",
		"r2://account.r2.cloudflarestorage.com/p":        "",
		"r2://@account.r2.cloudflarestorage.com/p":       "",
		"r2://b@account.r2.cloudflarestorage.com/../p":   "",
		"r2://b@s3.us-west-004.backblazeb2.com/p":        "",
		"b2://b@evil.backblazeb2.com/p":                  "",
		"b2://b@evil/s3.us-west-004.backblazeb2.com":     "",
		"b2:b@s3.us-west-004.backblazeb2.com":            "",
	} {
		repo, err := artifact.Open(uri)
		if err != nil {
			if want != "" || !strings.Contains(err.Error(), "such as "+artifact.Scheme(uri)+"://bucket@") {
				t.Errorf("%s: %v", uri, err)
			}
			continue
		}
		if got := target(t, repo); got != want {
			t.Errorf("%s: requests go to %s, want %q", uri, got, want)
		}
	}
	again, _, err := artifact.OpenBucket("r2://b@account.r2.cloudflarestorage.com/a/c")
	if err != nil || target(t, again) != "https://account.r2.cloudflarestorage.com/b/k auto" {
		t.Errorf("the whole bucket: %v", err)
	}
}

// target returns the address of a file k and the region of its requests.
func target(t *testing.T, repo artifact.Repo) string {
	t.Helper()
	r, ok := repo.(*object.Repo)
	if !ok {
		t.Fatalf("%T is no bucket", repo)
	}
	signed, err := r.Signer().SignGet(t.Context(), r.Key("k"), 60e9)
	if err != nil {
		t.Fatal(err)
	}
	address, query, _ := strings.Cut(signed.URL, "?")
	_, scope, _ := strings.Cut(query, "X-Amz-Credential=id%2F")
	return address + " " + strings.Split(scope, "%2F")[1]
}
