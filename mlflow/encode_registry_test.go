package mlflow_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
)

// TestAppendRegistryJSON compares AppendJSON with json.Marshal.
func TestAppendRegistryJSON(t *testing.T) {
	t.Parallel()
	text := "a \"text\" <with> ü"
	model := &mlflow.RegisteredModel{Name: "m", Description: text, LatestVersions: []mlflow.ModelVersion{{Version: "1"}}, Aliases: []mlflow.ModelAlias{{Alias: "a", Version: "1"}}}
	full := mlflow.MonitoredVersion{
		ModelVersion: mlflow.ModelVersion{
			Name: text, Version: "2", CreationTimestamp: 1, LastUpdatedTimestamp: 2, UserID: "u", CurrentStage: mlflow.StageStaging, Description: &text, Source: "models:/m-1",
			RunID: "r", Status: "READY", StatusMessage: text, Tags: []mlflow.Tag{{Key: "k", Value: text}, {Key: "l"}}, RunLink: "http://x", Aliases: []string{"champion", "é"},
		},
		ModelID: "m-1", RunName: text, ExperimentID: "1", ExperimentName: text, RunUser: "u", CreatedBy: "me@example.org",
		Metrics:  []mlflow.Metric{{Key: "a", Value: math.NaN()}, {Key: "b", Value: 1.5, Timestamp: 1, Step: 2, DatasetName: "d", DatasetDigest: "1"}},
		Datasets: []mlflow.DatasetSummary{{ExperimentID: "1", Name: "d", Digest: "1", Context: "eval"}, {}},
	}
	for _, r := range []*mlflow.MonitorModelResponse{{}, {RegisteredModel: model}, {RegisteredModel: model, Versions: []mlflow.MonitoredVersion{full, {}}, NextPageToken: "x"}} {
		want, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.AppendJSON(nil); string(got) != string(want) {
			t.Errorf("AppendJSON and json.Marshal differ:\n%s\n%s", got, want)
		}
	}
}
