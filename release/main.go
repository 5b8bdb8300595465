// Command release does what maintainers need to publish Millrace: see the Makefile.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/millrace-ml/millrace/release/modules"
)

const usage = `usage, in the folder release:
  release tidy               run go mod tidy on every module
  release version v1.2.3     write the change log, set the version of all modules, commit and tag them`

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
	switch {
	case len(args) == 1 && args[0] == "tidy":
		return modules.Tidy(ctx, "..")
	case len(args) == 2 && args[0] == "version":
		tags, err := modules.Release(ctx, "..", args[1], time.Now())
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(os.Stdout, "Tagged. To publish, run: git push --atomic origin HEAD", strings.Join(tags, " "))
		return err
	default:
		return errors.New(usage)
	}
}
