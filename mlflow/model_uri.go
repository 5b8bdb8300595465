package mlflow

import "strings"

// ModelURI is what a models:/ URI names: a logged model by ModelID, or a
// registered model's Version, the newest of a Stage, the one that an Alias
// points at, or, with neither, its highest version.
type ModelURI struct {
	ModelID, Name, Version, Stage, Alias string
}

// ParseModelURI reads models:/<model_id>, models:/<name>/<version or stage or
// latest> and models:/<name>@<alias>.
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
