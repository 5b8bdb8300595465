package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// tree returns the process and its descendants.
func tree(pid int) []int {
	all := []int{pid}
	children, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return all
	}
	for _, file := range children {
		pids, err := os.ReadFile(file)
		if err != nil {
			continue // The thread has ended.
		}
		for field := range strings.FieldsSeq(string(pids)) {
			if child, err := strconv.Atoi(field); err == nil {
				all = append(all, tree(child)...)
			}
		}
	}
	return all
}

// residentMB returns the resident memory of a process and its descendants.
func residentMB(pid int) (float64, error) {
	var total float64
	for _, p := range tree(pid) {
		kb, err := statusKB(p, "VmRSS:")
		if err != nil && p == pid {
			return 0, err
		}
		total += kb / 1024
	}
	return total, nil
}

// statusKB returns an amount of memory in the status of a process, in KiB.
func statusKB(pid int, name string) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.SplitSeq(string(status), "\n") {
		if rest, ok := strings.CutPrefix(line, name); ok {
			return strconv.ParseFloat(strings.Fields(rest)[0], 64)
		}
	}
	return 0, fmt.Errorf("the status of process %d has no %s", pid, name)
}

// clockTicks is the number of ticks in a second of the times in /proc, the same on all systems with Go.
const clockTicks = 100

// processorSeconds returns the time that a process, its descendants and those of them that have ended used the
// processor.
func processorSeconds(pid int) (float64, error) {
	var total float64
	for _, p := range tree(pid) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p))
		if err != nil && p == pid {
			return 0, err
		}
		// The name of the program, which is in parentheses, can have spaces.
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		if len(fields) < 15 {
			continue // The process has ended.
		}
		for _, field := range fields[11:15] { // utime, stime, cutime and cstime
			ticks, err := strconv.ParseFloat(field, 64)
			if err != nil {
				return 0, err
			}
			total += ticks / clockTicks
		}
	}
	return total, nil
}
