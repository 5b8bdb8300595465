package databricks

import (
	"net/http"
	"reflect"
	"strings"

	"github.com/millrace-ml/millrace/internal/artifact"
)

// Under the tracking URI "databricks" a client understands artifact locations
// only as Databricks spells them, and from those it makes the paths that it asks
// the Files API for. These are the three spellings of one place:
//
//	mlflow-artifacts:/1/<run>/artifacts              stored
//	dbfs:/databricks/mlflow-tracking/1/<run>/artifacts       shown
//	/WorkspaceInternal/Mlflow/Artifacts/1/Runs/<run>/artifacts   Files API
//
// and the same for a logged model, whose folder is "models" at home,
// "logged_models" in the URI and "LoggedModels" in the path.
const (
	storedRoot = "mlflow-artifacts:/"
	shownRoot  = "dbfs:/databricks/mlflow-tracking/"
	filesRoot  = "WorkspaceInternal/Mlflow/Artifacts/"
)

// Shown translates a stored artifact URI into the form that clients for Databricks
// understand. It returns locations outside of the proxy unchanged.
func Shown(uri string) string {
	rest, ok := strings.CutPrefix(uri, storedRoot)
	if !ok || rest == "" || rest[0] == '/' {
		return uri
	}
	return shownRoot + renameSecond(rest, "models", "logged_models")
}

// Stored translates an artifact URI into the stored form. It is the inverse of Shown.
func Stored(uri string) string {
	rest, ok := strings.CutPrefix(uri, shownRoot)
	if !ok || rest == "" || rest[0] == '/' {
		return uri
	}
	return storedRoot + renameSecond(rest, "logged_models", "models")
}

// FilesPath translates a path of the Files API into a path in the proxy. It returns
// false for a path that is not in the artifact store.
func FilesPath(raw string) (string, bool, error) {
	p, err := artifact.CleanPath(strings.TrimPrefix(raw, "/"))
	if err != nil {
		return "", false, err
	}
	rest, ok := strings.CutPrefix(p, filesRoot)
	if !ok {
		return "", false, nil
	}
	parts := strings.SplitN(rest, "/", 3)
	if len(parts) < 3 {
		return "", false, nil
	}
	switch parts[1] {
	case "Runs":
		return parts[0] + "/" + parts[2], true, nil
	case "LoggedModels":
		return parts[0] + "/models/" + parts[2], true, nil
	}
	return "", false, nil
}

// renameSecond replaces the second element of a path with at least three elements.
func renameSecond(path, from, to string) string {
	first, rest, _ := strings.Cut(path, "/")
	if below, ok := strings.CutPrefix(rest, from+"/"); ok && below != "" {
		return first + "/" + to + "/" + below
	}
	return path
}

// uriFields lists the response fields that contain artifact URIs.
var uriFields = map[string]bool{
	"artifact_location": true,
	"artifact_uri":      true,
	"root_uri":          true,
	"source":            true,
	"storage_location":  true,
}

// Respell translates the artifact URIs of a response to a request of the Databricks SDK.
// resp is a pointer to a response message.
func Respell(r *http.Request, resp any) {
	if IsDoor(r) {
		respell(reflect.ValueOf(resp))
	}
}

func respell(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			respell(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			respell(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if field := v.Field(i); field.Kind() != reflect.String {
				if f.IsExported() {
					respell(field)
				}
			} else if uriFields[name] && field.CanSet() {
				field.SetString(Shown(field.String()))
			}
		}
	}
}
