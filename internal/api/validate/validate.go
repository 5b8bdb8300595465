// Package validate checks the parameters of requests against the limits of MLflow's
// API. Its error messages are those of MLflow, which clients compare.
package validate

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/mlflow"
)

// Limits of the API: characters of texts, and items of a batch.
const (
	MaxExperimentName     = 500
	MaxArtifactLocation   = 2048
	MaxKey                = 250
	MaxParamValue         = 6000
	MaxRunTagValue        = 8000
	MaxExperimentTagValue = 20000
	MaxBatchMetrics       = 1000
	MaxBatchParams        = 100
	MaxBatchTags          = 100
	MaxBatchTotal         = 1000
	MaxRegistryTagValue   = 100_000
	MaxModelName          = 256 // a column of primary keys
	MaxAlias              = 255
	MaxSource             = 2048
	MaxComment            = 5000
)

// First returns the first error of a list of checks.
func First(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// BadValue returns the error for a parameter with an invalid value.
func BadValue(param, value, reason string) error {
	return apierror.Invalid("Invalid value %s for parameter '%s' supplied: %s", apierror.Shorten(value), param, reason)
}

// BadLimit returns the error for an invalid max_results.
func BadLimit[N int | int64](n N, want string) error {
	return apierror.Invalid("Invalid value %d for parameter 'max_results' supplied. It must be %s", n, want)
}

// Length returns an error if value has more than limit characters. The message
// calls it what.
func Length(what, value string, limit int) error {
	if len(value) > limit && utf8.RuneCountInString(value) > limit {
		return apierror.Invalid("'%s' exceeds the maximum length of %d characters", what, limit)
	}
	return nil
}

var keyPattern = regexp.MustCompile(`^[/\p{L}\p{N}\p{Mn}_.\- :]*$`)

// Key checks the key of a metric, param or tag: its characters, and that it is a
// clean relative path.
func Key(param, key string) error {
	if !plainKey(key) && !keyPattern.MatchString(key) {
		return BadValue(param, strconv.Quote(key), "Names may only contain alphanumerics, underscores (_), "+
			"dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).")
	}
	return PathSafe(param, key)
}

// plainKey reports whether a key has only characters of ASCII that keyPattern matches. Most
// keys do, and a batch has a thousand.
func plainKey(key string) bool {
	for i := range len(key) {
		switch c := key[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '-' <= c && c <= ':', c == '_', c == ' ':
		default:
			return false
		}
	}
	return true
}

// PathSafe returns an error for a name that is not a clean relative path. MLflow's
// file store uses names as paths.
func PathSafe(param, key string) error {
	norm := path.Clean(key)
	if norm == key && key != "." && !strings.HasPrefix(key, "..") && !strings.HasPrefix(key, "/") {
		return nil
	}
	return BadValue(param, strconv.Quote(key), fmt.Sprintf("Names may be treated as files in certain cases, "+
		"and must not resolve to other names when treated as such. This name would resolve to '%s'",
		apierror.Shorten(norm)))
}

// Metric checks a metric. The message calls its key param and its timestamp
// timestampParam.
func Metric(param, timestampParam string, m *mlflow.Metric) error {
	if err := First(Key(param, m.Key), Length("Metric name", m.Key, MaxKey)); err != nil {
		return err
	}
	if (m.DatasetName == "") != (m.DatasetDigest == "") {
		return apierror.Invalid("Both dataset_name and dataset_digest must be provided if one is provided")
	}
	if m.Timestamp < 0 {
		return BadValue(timestampParam, strconv.FormatInt(m.Timestamp, 10),
			fmt.Sprintf("metric '%s' (value=%s). Timestamp must be a nonnegative long (64-bit integer) ",
				m.Key, mlflow.AppendFloat(nil, m.Value)))
	}
	return nil
}

// Param checks a param. The message calls its key param.
func Param(param string, p *mlflow.Param) error {
	return First(Key(param, p.Key), Length("Param key", p.Key, MaxKey))
}

// Tag checks a tag. The message calls its key param, or lengthName if it is too long.
func Tag(param, lengthName string, t *mlflow.Tag) error {
	return First(Key(param, t.Key), Length(lengthName, t.Key, MaxKey))
}

// UniqueKeys returns an error if two items of a list have the same key. The message
// calls an item what.
func UniqueKeys[T any](what string, list []T, key func(*T) string) error {
	seen := make(map[string]bool, len(list))
	for i := range list {
		k := key(&list[i])
		if seen[k] {
			return apierror.Invalid("The %s '%s' is given twice; give each key once.", what, apierror.Shorten(k))
		}
		seen[k] = true
	}
	return nil
}

// TagKey returns the key of a tag, for [UniqueKeys].
func TagKey(t *mlflow.Tag) string { return t.Key }

var runIDPattern = regexp.MustCompile(`^[a-zA-Z0-9][\w\-]{0,255}$`)

// RunID checks the form of a run's ID.
func RunID(id string) error {
	if !runIDPattern.MatchString(id) {
		return apierror.Invalid("Invalid value %q for parameter 'run_id' supplied.", apierror.Shorten(id))
	}
	return nil
}

// ExperimentID parses an experiment's ID.
func ExperimentID(id string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(id), 10, 64)
	if err != nil {
		return 0, apierror.Invalid("Invalid experiment ID '%s'. Experiment ID must be a valid integer.", apierror.Shorten(id))
	}
	return n, nil
}

// maxExperiments is the most experiments of one search.
const maxExperiments = 10_000

// ExperimentIDs parses the IDs of the experiments of a search.
func ExperimentIDs(texts []string) ([]int64, error) {
	if len(texts) > maxExperiments {
		return nil, apierror.Invalid("A search can name at most %d experiments. Got %d.", maxExperiments, len(texts))
	}
	ids := make([]int64, len(texts))
	for i, text := range texts {
		id, err := ExperimentID(text)
		if err != nil {
			return nil, err
		}
		ids[i] = id
	}
	return ids, nil
}
