package s3

import (
	"context"
	"regexp"
	"strings"
	"sync"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/object"
	"github.com/millrace-ml/millrace/mlflow"
)

// place is the endpoint and the region of the buckets of a host.
type place struct{ endpoint, region string }

// hosted are the schemes whose URIs name the host of the store, such as r2://bucket@host/folder. As with Azure's, there
// are no other hosts in URIs, so that no URI directs credentials elsewhere.
var hosted = map[string]struct {
	host   *regexp.Regexp // its group, if any, is the region
	region string
	form   string
}{
	"r2": {
		regexp.MustCompile(`^[a-z0-9-]+(?:\.[a-z0-9-]+)?\.r2\.cloudflarestorage\.com$`), "auto",
		"r2://bucket@account.r2.cloudflarestorage.com/folder",
	},
	"b2": {
		regexp.MustCompile(`^s3\.([a-z0-9-]+)\.backblazeb2\.com$`), "",
		"b2://bucket@s3.region.backblazeb2.com/folder",
	},
}

// parseHosted reads a URI with a host.
func parseHosted(uri string) (bucket, prefix string, at place, err error) {
	scheme := artifact.Scheme(uri)
	kind := hosted[scheme]
	_, rest, _ := strings.Cut(uri, "://")
	authority, folder, _ := strings.Cut(rest, "/")
	name, host, _ := strings.Cut(authority, "@")
	host = strings.ToLower(host)
	match := kind.host.FindStringSubmatch(host)
	if match != nil {
		bucket, prefix, err = object.ParseURI(scheme + "://" + name + "/" + folder)
	}
	if match == nil || err != nil {
		return "", "", place{}, mlflow.Errorf(mlflow.InvalidParameterValue,
			"'%s' does not name a folder of a bucket, such as %s", artifact.Redact(uri), kind.form)
	}
	at = place{"https://" + host, kind.region}
	if len(match) > 1 {
		at.region = match[1]
	}
	return bucket, prefix, at, nil
}

// maxStores is the number of stores that are kept. Each has connections of its own.
const maxStores = 64

// stores has the stores that URIs have named.
type stores struct {
	mu     sync.Mutex
	opened map[place]*store
}

// open returns the store of a place. The zero place is that of the environment.
func (s *stores) open(at place) (*store, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found := s.opened[at]; found != nil {
		return found, nil
	}
	opened, err := newStore(context.Background(), lookupEnv, at)
	if err != nil {
		return nil, err
	}
	if s.opened == nil || len(s.opened) == maxStores {
		s.opened = map[place]*store{}
	}
	s.opened[at] = opened
	return opened, nil
}
