// Command bench measures Millrace and MLflow on this machine in one run and prints the
// results with their ratios. Both servers have a new SQLite file, or a new database on
// the server of --database, and listen on loopback. MLflow runs with one worker, which
// is its fastest configuration here.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"text/tabwriter"
	"time"
)

func main() {
	millrace := flag.String("millrace", "bin/millrace", "the Millrace binary")
	mlflow := flag.String("mlflow", "", "the mlflow command of MLflow 3.17.2; none measures Millrace alone")
	seconds := flag.Float64("seconds", 3, "time for each figure")
	database := flag.String("database", "",
		"URI of a PostgreSQL or MySQL server that databases can be made on; none measures on SQLite")
	runs := flag.Int("runs", 0, "fill the databases with so many runs and measure searches, too")
	only := flag.String("only", "", "files measures files in S3 only")
	soak := flag.Duration("soak", 0, "keep Millrace under load, hang-ups and outages for so long instead of measuring")
	flag.Parse()
	b := bench{d: time.Duration(*seconds * float64(time.Second)), server: *database, runs: *runs, only: *only}
	ctx := context.Background()
	var err error
	if *soak > 0 {
		err = b.soakMillrace(ctx, *millrace, *soak)
	} else {
		err = b.run(ctx, *millrace, *mlflow)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// peer is a server under test.
type peer struct {
	name    string
	command func(database string, port int) *exec.Cmd
	options []string // added to the command
	env     []string // added to the environment
}

// bench is the configuration of a measurement.
type bench struct {
	d      time.Duration
	server string
	runs   int
	only   string // "files", or "" for everything
	python string // an interpreter with MLflow's client, or ""
}

func (b *bench) run(ctx context.Context, millrace, mlflow string) error {
	binary, err := filepath.Abs(millrace)
	if err != nil {
		return err
	}
	peers := []peer{millracePeer(ctx, binary)}
	if mlflow != "" {
		if mlflow, err = filepath.Abs(mlflow); err != nil {
			return err
		}
		b.python = filepath.Join(filepath.Dir(mlflow), "python")
		peers = append(peers, peer{name: "mlflow", command: func(database string, port int) *exec.Cmd {
			return exec.CommandContext(ctx, mlflow, "server", "--workers", "1", "--port", strconv.Itoa(port),
				"--backend-store-uri", database)
		}})
	}
	bucket, err := newBucket(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", envS3, err)
	}
	defer bucket.remove(ctx)
	columns := make([][]figure, len(peers))
	for i, p := range peers {
		if columns[i], err = b.measureAll(ctx, p, bucket); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return report(peers, columns)
}

// measureAll measures a peer with its files in a folder and, unless bucket is nil, in S3.
func (b *bench) measureAll(ctx context.Context, p peer, bucket *bucket) (figures []figure, err error) {
	if b.only != "files" {
		if figures, err = b.measure(ctx, p); err != nil {
			return nil, err
		}
	}
	if bucket == nil {
		return figures, nil
	}
	more, err := b.files(ctx, p, bucket)
	return append(figures, more...), err
}

func (b *bench) soakMillrace(ctx context.Context, millrace string, d time.Duration) error {
	binary, err := filepath.Abs(millrace)
	if err != nil {
		return err
	}
	return b.soak(ctx, millracePeer(ctx, binary), d)
}

func millracePeer(ctx context.Context, binary string) peer {
	return peer{name: "millrace", command: func(database string, port int) *exec.Cmd {
		return exec.CommandContext(ctx, binary, "server", "--port", strconv.Itoa(port), "--backend-store-uri", database)
	}}
}

// measure starts a server and measures everything.
func (b *bench) measure(ctx context.Context, p peer) (figures []figure, err error) {
	dir, err := os.MkdirTemp("", "millrace-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	database, drop, err := b.database(ctx, dir, p.name)
	if err != nil {
		return nil, err
	}
	defer drop()
	begun := time.Now()
	err = b.serve(ctx, p, database, func(url string, pid int) error {
		figures = append(figures, figure{"cold start to first answer", time.Since(begun).Seconds() * 1000, "ms", lower})
		more, err := b.figures(ctx, database, url, pid)
		figures = append(figures, more...)
		return err
	})
	return figures, err
}

func (b *bench) figures(ctx context.Context, database, url string, pid int) (figures []figure, err error) {
	time.Sleep(time.Second)
	idle, err := residentMB(pid)
	if err != nil {
		return nil, err
	}
	figures = append(figures, figure{"memory when idle, whole tree", idle, "MB", lower})
	more, err := scenarios(ctx, url, b.d)
	if err != nil {
		return nil, err
	}
	figures = append(figures, more...)
	more, err = clients(ctx, url, b.python, b.d)
	if err != nil || b.runs == 0 {
		return append(figures, more...), err
	}
	figures = append(figures, more...)
	experiment, err := fill(ctx, database, b.runs)
	if err != nil {
		return nil, err
	}
	more, err = searches(ctx, url, experiment, b.d)
	return append(figures, more...), err
}

// serve starts a server on a database in a directory of its own, and calls use when it
// responds.
func (b *bench) serve(ctx context.Context, p peer, database string, use func(url string, pid int) error) error {
	dir, err := os.MkdirTemp("", "millrace-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	port, err := freePort(ctx)
	if err != nil {
		return err
	}
	cmd := p.command(database, port)
	cmd.Dir = dir
	cmd.Args = append(cmd.Args, p.options...)
	cmd.Env = append(append(os.Environ(), "MLFLOW_DISABLE_TELEMETRY=true"), p.env...)
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait() // MLflow exits with the code of the signal.
	}()
	url := "http://127.0.0.1:" + strconv.Itoa(port)
	if err := waitFor(ctx, url); err != nil {
		return err
	}
	return use(url, cmd.Process.Pid)
}

func freePort(ctx context.Context) (int, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func waitFor(ctx context.Context, url string) error {
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/health", http.NoBody)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
	}
	return fmt.Errorf("no answer from %s within two minutes", url)
}

type direction bool

const (
	lower  direction = false
	higher direction = true
)

// figure is a result and which direction is better.
type figure struct {
	name   string
	value  float64
	unit   string
	better direction
}

func report(peers []peer, columns [][]figure) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "\t")
	for _, p := range peers {
		fmt.Fprint(w, p.name, "\t")
	}
	if len(peers) == 2 {
		fmt.Fprint(w, "ratio\t")
	}
	fmt.Fprintln(w)
	for i, f := range columns[0] {
		fmt.Fprint(w, f.name, "\t")
		for _, figures := range columns {
			fmt.Fprintf(w, "%s %s\t", short(figures[i].value), f.unit)
		}
		if len(columns) == 2 {
			ratio := columns[0][i].value / columns[1][i].value
			if f.better == lower {
				ratio = 1 / ratio
			}
			fmt.Fprintf(w, "%sx\t", short(ratio))
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}

// short formats a number with about three significant digits.
func short(v float64) string {
	if v >= 100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
