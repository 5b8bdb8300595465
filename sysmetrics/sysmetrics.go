// Package sysmetrics logs how busy the machine is while a run trains: processor,
// memory, disk, network and NVIDIA GPUs, under the names that MLflow's own client
// gives them, such as system/cpu_utilization_percentage.
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

// prefix is what MLflow's pages know system metrics by.
const prefix = "system/"

// Sampler logs samples until it is stopped.
type Sampler struct {
	run     *mlflow.ActiveRun
	network traffic  // Since the start.
	gpus    []string // How to ask for the GPUs, nil where there are none.
	step    int64
	stop    context.CancelFunc
	stopped sync.WaitGroup
}

// Start logs a sample at once, one after each interval and one at the end. What
// this machine does not tell is left out.
func Start(ctx context.Context, run *mlflow.ActiveRun, interval time.Duration) *Sampler {
	ctx, cancel := context.WithCancel(ctx)
	s := &Sampler{run: run, stop: cancel, gpus: gpuCommand(ctx)}
	s.readNetwork(ctx)
	if _, err := cpu.PercentWithContext(ctx, 0, false); err != nil { // The first call is what later ones compare with.
		slog.DebugContext(ctx, "the processor's load is not known", "error", err)
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

// Stop logs the last sample and waits until it is queued.
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

// readNetwork brings the network's sums up to date; false where they are not known.
func (s *Sampler) readNetwork(ctx context.Context) bool {
	all, err := net.IOCountersWithContext(ctx, true)
	if err == nil {
		s.network.add(all)
	}
	return err == nil && len(s.network.last) > 0
}

// putUsed adds how much is used, unless it cannot be.
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
