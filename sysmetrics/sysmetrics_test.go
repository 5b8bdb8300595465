package sysmetrics

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/local"
	"github.com/millrace-ml/millrace/mlflow"
)

func TestSamples(t *testing.T) {
	t.Parallel()
	ctx := context.WithoutCancel(t.Context())
	server, err := local.Start(ctx, local.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	run, err := server.Client().StartRun(ctx, mlflow.RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s := Start(ctx, run, time.Millisecond)
	time.Sleep(20 * time.Millisecond)
	s.Stop()
	if err := run.End(ctx, mlflow.RunFinished); err != nil {
		t.Fatal(err)
	}
	got, err := server.Client().Run(ctx, run.ID())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range got.Data.Metrics {
		names = append(names, m.Key)
		if m.Step < 1 || m.Value < 0 {
			t.Errorf("%s = %v at its last step, %d", m.Key, m.Value, m.Step)
		}
	}
	for _, want := range []string{"system/cpu_utilization_percentage", "system/system_memory_usage_megabytes", "system/disk_available_megabytes", "system/network_receive_megabytes"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is missing among %q", want, names)
		}
	}
	if err := errors.Join(server.Close()); err != nil {
		t.Error(err)
	}
}

func TestParseGPUs(t *testing.T) {
	t.Parallel()
	got := parseGPUs("37, 1000, 4000, 95.5\n0, 500, 4000, [N/A]\n")
	want := map[string]float64{
		"gpu_0_utilization_percentage": 37, "gpu_0_memory_usage_megabytes": 1048.576, "gpu_0_memory_usage_percentage": 25, "gpu_0_power_usage_watts": 95.5,
		"gpu_1_utilization_percentage": 0, "gpu_1_memory_usage_megabytes": 524.288, "gpu_1_memory_usage_percentage": 12.5,
	}
	if !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := parseGPUs("No devices were found\n"); len(got) != 0 {
		t.Errorf("no device: %v", got)
	}
}
