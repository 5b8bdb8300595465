// Package sysmetrics logs the load of the machine to a run: processor, memory, disk, network and NVIDIA GPUs. The
// metrics have the names that MLflow's Python client uses, such as system/cpu_utilization_percentage.
package sysmetrics

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/disk"
	"github.com/shirou/gopsutil/v4/mem"
	"github.com/shirou/gopsutil/v4/net"

	"github.com/millrace-ml/millrace/mlflow"
)

const megabyte = 1e6

// prefix marks system metrics; MLflow's pages show them separately from other metrics.
const prefix = "system/"

// Sampler logs system metrics to a run until it is stopped.
type Sampler struct {
	run     *mlflow.ActiveRun
	network traffic
	gpus    []string // The command that reports the GPUs; nil if there are none.
	step    int64
	stop    context.CancelFunc
	stopped sync.WaitGroup
}

// Start logs a sample immediately, one after each interval and one when the sampler stops. Metrics that the machine
// does not report are omitted.
func Start(ctx context.Context, run *mlflow.ActiveRun, interval time.Duration) *Sampler {
	ctx, cancel := context.WithCancel(ctx)
	s := &Sampler{run: run, stop: cancel, gpus: gpuCommand(ctx)}
	s.readNetwork(ctx)
	// The first call sets the baseline of the later calls.
	if _, err := cpu.PercentWithContext(ctx, 0, false); err != nil {
		slog.DebugContext(ctx, "the load of the processor cannot be measured", "error", err)
	}
	s.stopped.Go(func() {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			s.log(ctx)
			select {
			case <-ticker.C:
			case <-ctx.Done():
				s.log(context.WithoutCancel(ctx))
				return
			}
		}
	})
	return s
}

// Stop logs the last sample and returns when it is queued.
func (s *Sampler) Stop() {
	s.stop()
	s.stopped.Wait()
}

func (s *Sampler) log(ctx context.Context) {
	if err := s.run.LogMetrics(ctx, s.sample(ctx), s.step); err != nil && ctx.Err() == nil {
		slog.WarnContext(ctx, "system metrics are not logged", "error", err)
	}
	s.step++
}

// readNetwork updates the sums of the network traffic and reports whether they are known.
func (s *Sampler) readNetwork(ctx context.Context) bool {
	all, err := net.IOCountersWithContext(ctx, true)
	if err == nil {
		s.network.add(all)
	}
	return err == nil && len(s.network.last) > 0
}

// putUsed adds the used amount, unless it is implausible: some containers report more free memory than their limit,
// from which gopsutil computes a huge used amount.
func putUsed(out map[string]float64, name string, used, total uint64, percent float64) {
	if used <= total && total > 0 {
		out[name+"_megabytes"] = float64(used) / megabyte
		out[name+"_percentage"] = percent
	}
}

func (s *Sampler) sample(ctx context.Context) map[string]float64 {
	out := map[string]float64{}
	if busy, err := cpu.PercentWithContext(ctx, 0, false); err == nil && len(busy) > 0 {
		out[prefix+"cpu_utilization_percentage"] = busy[0]
	}
	if m, err := mem.VirtualMemoryWithContext(ctx); err == nil {
		putUsed(out, prefix+"system_memory_usage", m.Used, m.Total, m.UsedPercent)
	}
	if d, err := disk.UsageWithContext(ctx, "/"); err == nil {
		putUsed(out, prefix+"disk_usage", d.Used, d.Total, d.UsedPercent)
		out[prefix+"disk_available_megabytes"] = float64(d.Free) / megabyte
	}
	if s.readNetwork(ctx) {
		out[prefix+"network_receive_megabytes"] = float64(s.network.received) / megabyte
		out[prefix+"network_transmit_megabytes"] = float64(s.network.sent) / megabyte
	}
	for name, v := range gpuSample(ctx, s.gpus) {
		out[prefix+name] = v
	}
	return out
}
