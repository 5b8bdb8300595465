// Command reference writes the reference of the commands and options of millrace:
//
//	reference markdown DIR
//	reference man DIR [YYYY-MM-DD]
//
// The pages of docs/reference are written by `make reference`. The date of the man pages is
// the argument or SOURCE_DATE_EPOCH, so that a release can be built again with the same bytes;
// without both it is today.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra/doc"

	"github.com/millrace-ml/millrace/internal/cli"
)

const usage = "usage: reference markdown DIR | reference man DIR [YYYY-MM-DD]"

func main() {
	if err := run(os.Args[1:], os.Getenv); err != nil {
		fmt.Fprintln(os.Stderr, "reference:", err)
		os.Exit(1)
	}
}

func run(args []string, getenv func(string) string) error {
	switch {
	case len(args) == 2 && args[0] == "markdown":
		files, err := markdown()
		if err != nil {
			return err
		}
		return write(args[1], files)
	case (len(args) == 2 || len(args) == 3) && args[0] == "man":
		argument := ""
		if len(args) == 3 {
			argument = args[2]
		}
		date, err := manDate(argument, getenv("SOURCE_DATE_EPOCH"))
		if err != nil {
			return err
		}
		return man(args[1], date)
	default:
		return errors.New(usage)
	}
}

func write(dir string, files map[string][]byte) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // The pages are public.
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil { //nolint:gosec // As above.
			return err
		}
	}
	return nil
}

// man writes a page in section 1 for every command.
func man(dir string, date time.Time) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // The pages are public.
		return err
	}
	root := cli.New()
	root.InitDefaultCompletionCmd()
	root.DisableAutoGenTag = true
	header := &doc.GenManHeader{Section: "1", Date: &date, Source: "Millrace", Manual: "Millrace Manual"}
	return doc.GenManTree(root, header, dir)
}

func manDate(argument, epoch string) (time.Time, error) {
	switch {
	case argument != "":
		return time.Parse(time.DateOnly, argument)
	case epoch != "":
		seconds, err := strconv.ParseInt(epoch, 10, 64)
		if err != nil {
			return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH must be a number of seconds, not %q", epoch)
		}
		return time.Unix(seconds, 0).UTC(), nil
	default:
		return time.Now().UTC(), nil
	}
}
