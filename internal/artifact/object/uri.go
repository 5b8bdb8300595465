package object

import (
	"net/url"
	"strings"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/mlflow"
)

// ParseURI returns the bucket and the prefix of a URI such as s3://bucket/prefix. As in MLflow, the prefix is not
// encoded.
func ParseURI(uri string) (bucket, prefix string, err error) {
	_, rest, found := strings.Cut(uri, "://")
	bucket, prefix, _ = strings.Cut(rest, "/")
	prefix = strings.Trim(prefix, "/")
	if !found || bucket == "" || strings.ContainsAny(bucket, "@:?#\\ ") || !ValidPrefix(prefix) {
		return "", "", mlflow.Errorf(mlflow.InvalidParameterValue,
			"'%s' does not name a folder of a bucket, such as %s://bucket/folder", artifact.Redact(uri), schemeOf(uri))
	}
	return bucket, prefix, nil
}

// ValidPrefix reports whether the prefix of a URI, without a slash at its ends, can precede the paths of files.
func ValidPrefix(prefix string) bool {
	clean, err := artifact.CleanPath(prefix)
	return err == nil && clean == prefix && !strings.ContainsAny(prefix, "?#")
}

func schemeOf(uri string) string {
	if u, err := url.Parse(uri); err == nil && u.Scheme != "" {
		return u.Scheme
	}
	return "s3"
}

// Unavailable returns the error of a store that does not answer.
func Unavailable(name string, err error) error {
	return &mlflow.Error{
		Code: mlflow.TemporarilyUnavailable, Message: "The object store " + name + " does not answer: " + err.Error(),
	}
}
