package client

import (
	"encoding/csv"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/millrace-ml/millrace/internal/cli/output"
	"github.com/millrace-ml/millrace/mlflow"
)

// writeRunsCSV writes runs with the same columns as MLflow's CLI. The cell of a
// missing value is empty.
func writeRunsCSV(out io.Writer, runs []mlflow.Run) error {
	head := []string{"run_id", "experiment_id", "status", "artifact_uri", "start_time", "end_time"}
	rows := make([]map[string]string, len(runs))
	metrics, params, tags := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i, run := range runs {
		row := map[string]string{}
		rows[i] = row
		for _, m := range run.Data.Metrics {
			addCell(metrics, row, "metrics."+m.Key, output.Number(m.Value))
		}
		for _, p := range run.Data.Params {
			addCell(params, row, "params."+p.Key, p.Value)
		}
		for _, t := range run.Data.Tags {
			addCell(tags, row, "tags."+t.Key, t.Value)
		}
	}
	columns := slices.Concat(
		slices.Sorted(maps.Keys(metrics)), slices.Sorted(maps.Keys(params)), slices.Sorted(maps.Keys(tags)))
	w := csv.NewWriter(out)
	if err := w.Write(slices.Concat(head, columns)); err != nil {
		return err
	}
	for i, run := range runs {
		info := run.Info
		line := []string{
			info.RunID, info.ExperimentID, string(info.Status), info.ArtifactURI,
			csvTime(info.StartTime), csvTime(info.EndTime),
		}
		for _, column := range columns {
			line = append(line, rows[i][column])
		}
		if err := w.Write(line); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

func addCell(columns map[string]bool, row map[string]string, column, value string) {
	row[column] = value
	columns[column] = true
}

// csvTime formats a time as pandas writes and parses it.
func csvTime(ms int64) string {
	if ms == 0 {
		return ""
	}
	return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05.000-07:00")
}
