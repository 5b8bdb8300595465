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

// Shown returns the spelling of a stored artifact URI that Databricks' clients
// understand. Locations outside the proxy stay as they are.
func Shown(uri string) string {
	rest, ok := strings.CutPrefix(uri, storedRoot)
	if !ok || rest == "" || rest[0] == '/' {
		return uri
	}
	return shownRoot + renameSecond(rest, "models", "logged_models")
}

// Stored returns the spelling under which an artifact URI is kept: the reverse
// of Shown.
func Stored(uri string) string {
	rest, ok := strings.CutPrefix(uri, shownRoot)
	if !ok || rest == "" || rest[0] == '/' {
		return uri
	}
	return storedRoot + renameSecond(rest, "logged_models", "models")
}

// FilesPath returns the path in the proxy that a path of the Files API stands
// for; false if it stands for none.
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

// renameSecond replaces the second name of a path if a third follows.
func renameSecond(path, from, to string) string {
	first, rest, _ := strings.Cut(path, "/")
	if below, ok := strings.CutPrefix(rest, from+"/"); ok && below != "" {
		return first + "/" + to + "/" + below
	}
	return path
}

// uriFields are the names of the response fields that hold artifact URIs.
var uriFields = map[string]bool{
	"artifact_location": true,
	"artifact_uri":      true,
	"root_uri":          true,
	"source":            true,
	"storage_location":  true,
}

// Respell spells the artifact URIs in a response for the client that asked, if
// it came in by this door. Resp is a pointer to a response message.
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
