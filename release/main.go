// Command release does what maintainers need to publish Millrace: see the Makefile.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/millrace-ml/millrace/release/modules"
)

const usage = `usage, in the folder release:
  release tidy    run go mod tidy on every module`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 1 && args[0] == "tidy" {
		return modules.Tidy(ctx, "..")
	}
	return errors.New(usage)
}
