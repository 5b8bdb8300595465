package api

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/millrace-ml/millrace/mlflow"
)

// Limits of the API, in characters unless a name says otherwise.
const (
	maxExperimentName     = 500
	maxArtifactLocation   = 2048
	maxKey                = 250
	maxParamValue         = 6000
	maxRunTagValue        = 8000
	maxExperimentTagValue = 20000
	maxBatchMetrics       = 1000
	maxBatchParams        = 100
	maxBatchTags          = 100
	maxBatchTotal         = 1000
	maxRegistryTagValue   = 100_000
	maxModelName          = 256 // a part of primary keys: longer ones fit into no other database
	maxAlias              = 255
	maxSource             = 2048
	maxComment            = 5000
)

// check returns the first error of a list of checks.
func check(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// badValue words the refusal of one parameter's value as MLflow does.
func badValue(param, value, reason string) error {
	return mlflow.Errorf(
		mlflow.InvalidParameterValue,
		"Invalid value %s for parameter '%s' supplied: %s",
		shorten(value),
		param,
		reason,
	)
}

// badLimit words the refusal of a max_results that the store cannot take.
func badLimit[N int | int64](n N, want string) error {
	return mlflow.Errorf(
		mlflow.InvalidParameterValue,
		"Invalid value %d for parameter 'max_results' supplied. It must be %s",
		n,
		want,
	)
}

func tooLong(what, value string, limit int) error {
	if len(value) > limit && utf8.RuneCountInString(value) > limit {
		return mlflow.Errorf(mlflow.InvalidParameterValue, "'%s' exceeds the maximum length of %d characters", what, limit)
	}
	return nil
}

// cut cuts the value of a param or run tag to limit characters, as MLflow does,
// or refuses it if the server was told to. What names it in the refusal.
func (s *Server) cut(what, value string, limit int) (string, error) {
	err := tooLong(what, value, limit)
	if err == nil || s.RefuseLongValues {
		return value, err
	}
	for i := range value {
		if limit == 0 {
			return value[:i], nil
		}
		limit--
	}
	return value, nil
}

var keyPattern = regexp.MustCompile(`^[/\p{L}\p{N}\p{Mn}_.\- :]*$`)

// validKey checks a metric, param or tag key: its characters, and that it would
// stay where it is if it were a file's path.
func validKey(param, key string) error {
	if !keyPattern.MatchString(key) {
		return badValue(
			param,
			strconv.Quote(key),
			"Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).",
		)
	}
	return staysInPlace(param, key)
}

// staysInPlace refuses a name that as a file's path would lead elsewhere.
func staysInPlace(param, key string) error {
	if norm := path.Clean(key); norm != key || key == "." || strings.HasPrefix(key, "..") || strings.HasPrefix(key, "/") {
		return badValue(
			param,
			strconv.Quote(key),
			fmt.Sprintf(
				"Names may be treated as files in certain cases, and must not resolve to other names when treated as such. This name would resolve to '%s'",
				shorten(norm),
			),
		)
	}
	return nil
}

func validMetric(param string, timestampParam string, m *mlflow.Metric) error {
	if err := check(validKey(param, m.Key), tooLong("Metric name", m.Key, maxKey)); err != nil {
		return err
	}
	if (m.DatasetName == "") != (m.DatasetDigest == "") {
		return mlflow.Errorf(
			mlflow.InvalidParameterValue,
			"Both dataset_name and dataset_digest must be provided if one is provided",
		)
	}
	if m.Timestamp < 0 {
		return badValue(
			timestampParam,
			strconv.FormatInt(m.Timestamp, 10),
			fmt.Sprintf(
				"metric '%s' (value=%s). Timestamp must be a nonnegative long (64-bit integer) ",
				m.Key,
				mlflow.AppendFloat(nil, m.Value),
			),
		)
	}
	return nil
}

func validParam(param string, p *mlflow.Param) error {
	return check(validKey(param, p.Key), tooLong("Param key", p.Key, maxKey))
}

func validTag(param, lengthName string, t *mlflow.Tag) error {
	return check(validKey(param, t.Key), tooLong(lengthName, t.Key, maxKey))
}

// keysOnce refuses a list in which two items have the same key.
func keysOnce[T any](what string, list []T, key func(*T) string) error {
	seen := make(map[string]bool, len(list))
	for i := range list {
		k := key(&list[i])
		if seen[k] {
			return mlflow.Errorf(
				mlflow.InvalidParameterValue,
				"The %s '%s' is given twice; give each key once.",
				what,
				shorten(k),
			)
		}
		seen[k] = true
	}
	return nil
}

func tagKey(t *mlflow.Tag) string { return t.Key }

var runIDPattern = regexp.MustCompile(`^[a-zA-Z0-9][\w\-]{0,255}$`)

func validRunID(id string) error {
	if !runIDPattern.MatchString(id) {
		return mlflow.Errorf(mlflow.InvalidParameterValue, "Invalid value %q for parameter 'run_id' supplied.", shorten(id))
	}
	return nil
}

// experimentID parses an experiment's id.
func experimentID(id string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(id), 10, 64)
	if err != nil {
		return 0, mlflow.Errorf(
			mlflow.InvalidParameterValue,
			"Invalid experiment ID '%s'. Experiment ID must be a valid integer.",
			shorten(id),
		)
	}
	return n, nil
}
