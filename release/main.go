// Command release does what maintainers need to publish Millrace: see the Makefile.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/millrace-ml/millrace/release/dist"
	"github.com/millrace-ml/millrace/release/modules"
)

const usage = `usage, in the folder release:
  release tidy               run go mod tidy on every module
  release version v1.2.3     write the change log, set the version of all modules, commit and tag them
  release dist [-version v1.2.3] [-platforms linux/amd64,...|local]
                             write the files of a release into the folder dist of the repository`

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
	case len(args) >= 1 && args[0] == "dist":
		return writeDist(ctx, args[1:])
	default:
		return errors.New(usage)
	}
}

// writeDist writes the files of a release.
func writeDist(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("dist", flag.ContinueOnError)
	version := flags.String("version", "", "version of the files; by default the one that git knows")
	names := flags.String("platforms", "",
		"platforms, such as linux/amd64,darwin/arm64; all by default; local is this one")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return errors.New(usage)
	}
	platforms, err := dist.ParsePlatforms(*names)
	if err != nil {
		return err
	}
	return dist.Run(ctx, dist.Options{
		Repo: "..", Out: "../dist", Version: *version, Platforms: platforms, Log: os.Stderr,
	})
}
