package azure

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/object"
	"github.com/millrace-ml/millrace/mlflow"
)

// schemes are the schemes of containers. MLflow has wasbs and abfss; the others are spellings of other tools.
var schemes = []string{"wasbs", "wasb", "abfss", "abfs", "azure"}

const (
	wasbForm = "wasbs://container@account.blob.core.windows.net/folder"
	abfsForm = "abfss://filesystem@account.dfs.core.windows.net/folder"
)

var (
	// containerName matches the names of containers, including those with a meaning, such as $web.
	containerName = regexp.MustCompile(`^\$?[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)
	// hostName matches the hosts of Azure's clouds. As in MLflow, there are no others in URIs, so that no URI directs
	// credentials elsewhere.
	hostName = regexp.MustCompile(
		`^([a-z0-9-]{3,63})\.(blob|dfs)\.(core\.(?:windows\.net|chinacloudapi\.cn|usgovcloudapi\.net))$`)
)

// location is a folder in a container.
type location struct {
	scheme, container, host, account, suffix, prefix string
}

// parseURI reads a URI such as wasbs://container@account.blob.core.windows.net/folder. As in MLflow, only the folders
// of abfss URIs are encoded. The account of azure URIs can be that of the connection string.
func parseURI(uri string) (location, error) {
	scheme, rest, _ := strings.Cut(uri, "://")
	authority, _, _ := strings.Cut(rest, "/")
	prefix, pathErr := artifact.BucketPath(uri)
	l := location{scheme: strings.ToLower(scheme), prefix: prefix}
	l.container, l.host, _ = strings.Cut(authority, "@")
	l.host = strings.ToLower(l.host)
	service := "blob"
	if strings.HasPrefix(l.scheme, "abfs") {
		service = "dfs"
	}
	match := hostName.FindStringSubmatch(l.host)
	hostless := l.scheme == "azure" && authority == l.container
	if pathErr != nil || !containerName.MatchString(l.container) || !object.ValidPrefix(l.prefix) ||
		(match == nil || match[2] != service) && !hostless {
		form := wasbForm
		if service == "dfs" {
			form = abfsForm
		}
		uri, _, _ = strings.Cut(uri, "?") // A query could be a shared access signature.
		return location{}, mlflow.Errorf(mlflow.InvalidParameterValue,
			"'%s' does not name a folder of a container, such as %s", artifact.Redact(uri), form)
	}
	if match != nil {
		l.account, l.suffix = match[1], match[3]
	}
	return l, nil
}

// name returns the URI of the container.
func (l location) name() string {
	if l.host == "" {
		return l.scheme + "://" + l.container
	}
	return l.scheme + "://" + l.container + "@" + l.host
}

// endpoint returns the address of the account's Blob service, which has the files of Data Lake accounts, too.
func (l location) endpoint() *url.URL {
	return &url.URL{Scheme: "https", Host: l.account + ".blob." + l.suffix}
}
