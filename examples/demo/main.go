// Demo shows Millrace in a minute. It starts a tracking server in this program, trains both examples at reduced size,
// and opens the page of the last run:
//
//	go run ./examples/demo
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/millrace-ml/millrace/examples/internal/cancer"
	"github.com/millrace-ml/millrace/examples/internal/frame"
	"github.com/millrace-ml/millrace/examples/internal/guide"
	"github.com/millrace-ml/millrace/examples/internal/idx"
	"github.com/millrace-ml/millrace/examples/internal/quickstart"
	"github.com/millrace-ml/millrace/local"
	"github.com/millrace-ml/millrace/mlflow"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout)
	stop()
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	dir := flag.String("dir", "millrace-demo", "directory of the database and the artifacts")
	port := flag.Int("port", 0, "port of the server on 127.0.0.1; 0 chooses a free port")
	images := flag.Int("images", 6000, "number of training images; the quickstart has 60,000")
	browser := flag.Bool("browser", true, "open the page in a browser")
	stay := flag.Bool("stay", true, "keep serving until Ctrl-C")
	flag.Parse()

	start := time.Now()
	server, err := local.Start(context.WithoutCancel(ctx), local.Options{Dir: *dir, Port: *port})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Millrace is ready at %s. Its files are in %s.\n\n", server.URL(), *dir)
	page, err := workflows(ctx, server.Client(), *images, out)
	if err != nil {
		return errors.Join(err, server.Close())
	}
	fmt.Fprintf(out, "\nBoth trainings finished after %s. The page of the last run is %s\n",
		time.Since(start).Round(time.Second), page)
	if *browser {
		open(ctx, page)
	}
	if *stay {
		fmt.Fprintf(out, "The server runs until Ctrl-C. To start it again:\n"+
			"go run ./cmd/millrace server --backend-store-uri sqlite:///%s --artifacts-destination %s\n",
			filepath.Join(*dir, "mlflow.db"), filepath.Join(*dir, "mlartifacts"))
		<-ctx.Done()
	}
	return server.Close()
}

// workflows trains both examples with settings that reach a good accuracy in a minute.
// It returns the address of the page of the last run.
func workflows(ctx context.Context, client *mlflow.Client, images int, out io.Writer) (string, error) {
	fmt.Fprintln(out, "== MLflow's quickstart: a convolutional network, trained on drawn clothes instead of FashionMNIST")
	first := quickstart.Default(out)
	first.Synthetic()
	first.Epochs, first.LearningRate = 2, 0.05
	if _, err := quickstart.Run(ctx, client, idx.Synthetic(images, images/6), first); err != nil {
		return "", err
	}
	fmt.Fprintln(out, "\n== The breast cancer guide: from the table to a registered model")
	second := guide.Default(out)
	second.Epochs, second.LearningRate = 200, 0.01
	in, err := cancer.Open()
	if err != nil {
		return "", err
	}
	defer in.Close()
	data, err := frame.Read(in)
	if err != nil {
		return "", err
	}
	result, err := guide.Run(ctx, client, data, second)
	if err != nil {
		return "", err
	}
	run, err := client.Run(ctx, result.RunID)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s/#/experiments/%s/runs/%s", client.URL(), run.Info.ExperimentID, result.RunID), nil
}

// open shows a page in the user's browser. Best effort: the address is also printed.
func open(ctx context.Context, page string) {
	command := map[string][]string{
		"darwin": {"open"}, "windows": {"rundll32", "url.dll,FileProtocolHandler"},
	}[runtime.GOOS]
	if command == nil {
		command = []string{"xdg-open"}
	}
	if _, err := exec.LookPath(command[0]); err == nil {
		_ = exec.CommandContext(ctx, command[0], append(command[1:], page)...).Start() //nolint:gosec // The page is ours.
	}
}
