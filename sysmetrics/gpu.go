package sysmetrics

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// gpuTimeout bounds one question to the driver's tool.
const gpuTimeout = 5 * time.Second

// gpuCommand returns the command that prints one line for each GPU, or nil where
// NVIDIA's tool is missing or finds none.
func gpuCommand(ctx context.Context) []string {
	path, err := exec.LookPath("nvidia-smi")
	if err != nil {
		return nil
	}
	command := []string{path, "--query-gpu=utilization.gpu,memory.used,memory.total,power.draw", "--format=csv,noheader,nounits"}
	if len(gpuSample(ctx, command)) == 0 {
		return nil
	}
	return command
}

func gpuSample(ctx context.Context, command []string) map[string]float64 {
	if command == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, gpuTimeout)
	defer cancel()
	text, err := exec.CommandContext(ctx, command[0], command[1:]...).Output() //nolint:gosec // The driver's own tool.
	if err != nil {
		return nil
	}
	return parseGPUs(string(text))
}

// parseGPUs reads lines such as "37, 1024, 24576, 95.5": percent, MiB, MiB, watts.
// What a GPU does not tell, "[N/A]", is left out.
func parseGPUs(text string) map[string]float64 {
	const megabytesPerMiB = 1.048576
	out := map[string]float64{}
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		fields := strings.Split(line, ",")
		if len(fields) != 4 {
			continue
		}
		put := func(name string, v float64) { out[fmt.Sprintf("gpu_%d_%s", i, name)] = v }
		if v, err := number(fields[0]); err == nil {
			put("utilization_percentage", v)
		}
		used, err := number(fields[1])
		total, totalErr := number(fields[2])
		if err == nil {
			put("memory_usage_megabytes", used*megabytesPerMiB)
		}
		if err == nil && totalErr == nil && total > 0 {
			put("memory_usage_percentage", 100*used/total)
		}
		if v, err := number(fields[3]); err == nil {
			put("power_usage_watts", v)
		}
	}
	return out
}

func number(s string) (float64, error) { return strconv.ParseFloat(strings.TrimSpace(s), 64) }
