package artifact

import (
	"errors"
	"strings"

	"github.com/millrace-ml/millrace/mlflow"
)

// Message returns the text of an error without the code of the API and without the full stop at its end, for a report.
func Message(err error) string {
	text := err.Error()
	var api *mlflow.Error
	if errors.As(err, &api) {
		text = strings.Replace(text, api.Error(), api.Message, 1)
	}
	return strings.TrimSuffix(text, ".")
}
