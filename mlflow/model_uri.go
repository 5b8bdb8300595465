package mlflow

import "strings"

// ModelURI is a parsed models:/ URI: a logged model by ModelID, or a version of a
// registered model by Version, Stage (its newest version) or Alias. Without these, it is
// the highest version.
type ModelURI struct {
	ModelID, Name, Version, Stage, Alias string
}

// ParseModelURI parses models:/<model_id>, models:/<name>/<version or stage or latest>
// and models:/<name>@<alias>.
func ParseModelURI(uri string) (ModelURI, error) {
	bad := func() (ModelURI, error) {
		return ModelURI{}, Errorf(
			InvalidParameterValue,
			"Not a models:/ URI: '%s'. Write models:/<model_id>, models:/<name>/<version or stage> or models:/<name>@<alias>.",
			uri,
		)
	}
	rest, ok := strings.CutPrefix(uri, "models:/")
	rest = strings.TrimLeft(rest, "/")
	name, suffix, two := strings.Cut(rest, "/")
	if !ok || strings.TrimSpace(name) == "" || strings.HasPrefix(uri, "models://") {
		return bad()
	}
	switch {
	case two && (strings.TrimSpace(suffix) == "" || strings.Contains(suffix, "/")):
		return bad()
	case two && strings.Trim(suffix, "0123456789") == "":
		return ModelURI{Name: name, Version: suffix}, nil
	case two && strings.EqualFold(suffix, "latest"):
		return ModelURI{Name: name}, nil
	case two:
		return ModelURI{Name: name, Stage: suffix}, nil
	}
	if at := strings.LastIndexByte(name, '@'); at >= 0 {
		if strings.TrimSpace(name[at+1:]) == "" || at == 0 {
			return bad()
		}
		return ModelURI{Name: name[:at], Alias: name[at+1:]}, nil
	}
	return ModelURI{ModelID: name}, nil
}
