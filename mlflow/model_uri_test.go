package mlflow_test

import (
	"errors"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
)

func TestParseModelURI(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]mlflow.ModelURI{
		"models:/m-1":        {ModelID: "m-1"},
		"models:/a b/12":     {Name: "a b", Version: "12"},
		"models:/a/LATEST":   {Name: "a"},
		"models:/a/Staging":  {Name: "a", Stage: "Staging"},
		"models:/a@champion": {Name: "a", Alias: "champion"},
		"models:/a@b@c":      {Name: "a@b", Alias: "c"},
		"models:/a@b/3":      {Name: "a@b", Version: "3"},
	} {
		if got, err := mlflow.ParseModelURI(uri); err != nil || got != want {
			t.Errorf("%s: %+v, %v", uri, got, err)
		}
	}
	for _, uri := range []string{"", "models:", "models:/", "models:/ ", "models:/a/", "models:/a/1/2", "models:/@x", "models:/a@", "models://host/a/1", "runs:/a/1", "a/1"} {
		if got, err := mlflow.ParseModelURI(uri); !errors.Is(err, mlflow.InvalidParameterValue) {
			t.Errorf("%q: %+v, %v", uri, got, err)
		}
	}
}
