package serving

import (
	"strconv"

	"github.com/millrace-ml/millrace/mlflow"
)

// checkParams checks the params of a request against those of the signature, as MLflow does.
// No ONNX or PyTorch network reads params. MLflow ignores them if the signature has none, and
// those that it does not name.
func (s *schema) checkParams(text []byte) error {
	if len(s.params) == 0 || text == nil || string(text) == "null" {
		return nil
	}
	_, values, err := members(text)
	if err != nil {
		return mlflow.Errorf(mlflow.InvalidParameterValue, "The params cannot be read: %v", err)
	}
	for _, p := range s.params {
		value, given := values[p.Name]
		if !given || string(value) == "null" {
			continue
		}
		if !isParam(value, p.Type, p.List) {
			return mlflow.Errorf(mlflow.InvalidParameterValue, "The param %q is %.100s, which is no %s.", p.Name, value, p.Type)
		}
	}
	return nil
}

// isParam reports whether a JSON value has one of MLflow's types of params.
func isParam(value []byte, kind string, list bool) bool {
	if list {
		values, err := items(value)
		for _, v := range values {
			if !isParam(v, kind, false) {
				return false
			}
		}
		return err == nil
	}
	word := string(value)
	switch kind {
	case "boolean":
		return word == "true" || word == "false"
	case "string", "datetime":
		return value[0] == '"'
	case "integer", "long":
		_, err := strconv.ParseInt(word, 10, 64)
		return err == nil
	case "float", "double":
		_, err := parseFloat(word)
		return err == nil
	}
	return true
}
