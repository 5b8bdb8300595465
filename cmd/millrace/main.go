// Command millrace is an MLflow-compatible tracking server and its tools.
package main

import (
	"os"

	"github.com/millrace-ml/millrace/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr))
}
