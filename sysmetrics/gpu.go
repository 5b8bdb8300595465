package sysmetrics

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// gpuTimeout limits the time of one call of nvidia-smi.
const gpuTimeout = 5 * time.Second

// gpuCommand returns the command that prints one line for each NVIDIA GPU, or nil if nvidia-smi is not installed or
// finds no GPU.
func gpuCommand(ctx context.Context) []string {
	path, err := exec.LookPath("nvidia-smi")
	if err != nil {
		return nil
	}
	command := []string{
		path, "--query-gpu=utilization.gpu,memory.used,memory.total,power.draw", "--format=csv,noheader,nounits",
	}
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
	text, err := exec.CommandContext(ctx, command[0], command[1:]...).Output() //nolint:gosec // Fixed arguments.
	if err != nil {
		return nil
	}
	return parseGPUs(string(text))
}

// parseGPUs parses lines such as "37, 1024, 24576, 95.5": utilization in percent, used and total memory in MiB, power
// in watts. It omits values that a GPU does not report, which nvidia-smi prints as "[N/A]".
func parseGPUs(text string) map[string]float64 {
	const megabytesPerMiB = 1.048576
	out := map[string]float64{}
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		fields := strings.Split(line, ",")
		if len(fields) != 4 {
			continue
		}
		put := func(name string, v float64) { out[fmt.Sprintf("gpu_%d_%s", i, name)] = v }
		if v, err := parseNumber(fields[0]); err == nil {
			put("utilization_percentage", v)
		}
		used, err := parseNumber(fields[1])
		total, totalErr := parseNumber(fields[2])
		if err == nil {
			put("memory_usage_megabytes", used*megabytesPerMiB)
		}
		if err == nil && totalErr == nil && total > 0 {
			put("memory_usage_percentage", 100*used/total)
		}
		if v, err := parseNumber(fields[3]); err == nil {
			put("power_usage_watts", v)
		}
	}
	return out
}

func parseNumber(s string) (float64, error) { return strconv.ParseFloat(strings.TrimSpace(s), 64) }
