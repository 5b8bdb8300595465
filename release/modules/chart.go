package modules

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// chartFile is the Helm chart. Its appVersion is the tag of the image.
const chartFile = "deploy/helm/millrace/Chart.yaml"

var chartVersions = regexp.MustCompile(`(?m)^(version: |appVersion: v)\S+$`)

// writeChart sets the versions of the Helm chart.
func writeChart(repo, version string) error {
	file := filepath.Join(repo, filepath.FromSlash(chartFile))
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if n := len(chartVersions.FindAll(text, -1)); n != 2 {
		return fmt.Errorf("%s has %d lines with its versions, not 2", chartFile, n)
	}
	text = chartVersions.ReplaceAll(text, []byte("${1}"+strings.TrimPrefix(version, "v")))
	return os.WriteFile(file, text, 0o644)
}
