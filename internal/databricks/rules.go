package databricks

import (
	"net/http"
	"strings"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/permit"
)

// files returns the rule of an action on the path of the Files API in the URL.
func (d *Door) files(a access.Action) permit.Rule {
	return permit.ForRequest("files:"+a.String(), func(c *permit.Checker, r *http.Request) error {
		return d.permitted(c, r.PathValue("path"), a)
	})
}

// permitted checks an action on a path of the Files API.
func (d *Door) permitted(c *permit.Checker, raw string, a access.Action) error {
	if c.Grants.Unlimited() {
		return nil
	}
	p, proxied, err := FilesPath(raw)
	if err != nil {
		return err
	}
	if proxied {
		return d.ProxyAccess(c, p, a)
	}
	name, _, _, err := versionPath(raw)
	if err != nil {
		return err
	}
	if a == access.ToManage { // Whoever uploads a version may correct it until it is finalized.
		a = access.ToUpdate
	}
	return c.Version(name, a)
}

// versionPath returns the model, the version and the rest of a path
// /Models/<catalog>/<schema>/<model>/<version>/<path>.
func versionPath(raw string) (name, version, below string, err error) {
	p, err := artifact.CleanPath(strings.TrimPrefix(raw, "/"))
	if err != nil {
		return "", "", "", err
	}
	parts := strings.SplitN(p, "/", 6)
	if len(parts) < 5 || parts[0] != "Models" {
		return "", "", "", artifact.NotFound("/" + strings.TrimPrefix(raw, "/"))
	}
	return strings.Join(parts[1:4], "."), parts[4], strings.Join(parts[5:], ""), nil
}

// action returns the action of a request that reads or writes files.
func action(write bool) access.Action {
	if write {
		return access.ToUpdate
	}
	return access.ToRead
}

// modelFiles returns the rule of the files of the logged model in the URL.
func modelFiles(write bool) permit.Rule {
	return permit.ForRequest("logged_model:"+action(write).String(), func(c *permit.Checker, r *http.Request) error {
		return c.LoggedModel(r.PathValue("model_id"), action(write))
	})
}

// readVersion is the rule of the files of the model version in the query.
var readVersion = permit.ForRequest("version:read", func(c *permit.Checker, r *http.Request) error {
	return c.Version(r.URL.Query().Get("name"), access.ToRead)
})
