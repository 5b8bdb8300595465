package api

import (
	"net/url"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/artifact"
)

// hostSchemes lists the schemes of URIs that name a host to connect to. The endpoints of
// the other object stores are in the settings of the server.
var hostSchemes = []string{
	"ftp", "sftp", "hdfs", "viewfs", "http", "https", "mlflow-artifacts", "r2", "b2", "abfss", "abfs",
}

// NamesOtherHost reports whether a URI names a host to which the server must not connect
// for a client. It may connect to the host of the artifact destination and to that of the
// default root, and to all hosts if the administrator allows the scheme.
func (a *Artifacts) NamesOtherHost(uri string) bool {
	scheme := artifact.Scheme(uri)
	if !slices.Contains(hostSchemes, scheme) ||
		scheme == "mlflow-artifacts" && !strings.HasPrefix(uri[len(scheme):], "://") {
		return false
	}
	if !artifact.IsObjectStore(uri) {
		return true
	}
	if slices.ContainsFunc(a.AllowedHostSchemes, func(s string) bool { return strings.EqualFold(s, scheme) }) {
		return false
	}
	host := hostOf(uri)
	return host == "" || host != hostOf(a.destination) && host != hostOf(a.defaultRoot)
}

// hostOf returns the host that the URI of an object store names, or "" if it names none.
func hostOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || !slices.Contains(hostSchemes, artifact.Scheme(uri)) || !artifact.IsObjectStore(uri) {
		return ""
	}
	return strings.TrimSuffix(strings.ToLower(u.Host), ":443") // The stores have https.
}

func otherHost(uri string) error {
	return apierror.Invalid(
		"The tracking server does not connect to artifact location '%s': the '%s' scheme addresses a host other than "+
			"the tracking server's configured artifact storage, so the server would connect to the host named in the "+
			"URI. Set the MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES environment variable on the server to allow it.",
		apierror.Shorten(artifact.Redact(uri)), artifact.Scheme(uri),
	)
}
