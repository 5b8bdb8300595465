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
	invalid := !found || bucket == "" || strings.ContainsAny(bucket, "@:?#\\ ") || strings.ContainsAny(prefix, "?#")
	if !invalid && prefix != "" {
		clean, cleanErr := artifact.CleanPath(prefix)
		invalid = cleanErr != nil || clean != prefix
	}
	if invalid {
		return "", "", mlflow.Errorf(mlflow.InvalidParameterValue,
			"'%s' does not name a folder of a bucket, such as %s://bucket/folder", artifact.Redact(uri), schemeOf(uri))
	}
	return bucket, prefix, nil
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
