// Command bench measures Millrace, MLflow and FastTrackML on this machine in one run and prints
// the results with their ratios and goals. Each server has a new SQLite file, or a new database
// on the server of --database, and listens on loopback.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

func main() {
	millrace := flag.String("millrace", "bin/millrace", "the Millrace binary")
	mlflow := flag.String("mlflow", "", "the mlflow command of MLflow 3.17.2")
	fastTrackML := flag.String("fasttrackml", "", "the fml command of FastTrackML 0.6")
	seconds := flag.Float64("seconds", 3, "time for each figure")
	database := flag.String("database", "",
		"URI of a PostgreSQL or MySQL server that databases can be made on; none measures on SQLite")
	runs := flag.Int("runs", 0, "fill the databases with so many runs and measure searches, too")
	only := flag.String("only", "",
		"files measures files in S3 only, searches the searches of --runs only, traces the export of traces only")
	rounds := flag.Int("rounds", 1, "measure all servers so many times, one after the other, and report medians")
	out := flag.String("out", "", "write the figures to this file")
	earlier := flag.String("compare", "", "a file that --out wrote, whose ratios are printed beside")
	soak := flag.Duration("soak", 0, "keep Millrace under load, hang-ups and outages for so long instead of measuring")
	flag.Parse()
	b := bench{
		d: time.Duration(*seconds * float64(time.Second)), rounds: *rounds,
		server: *database, runs: *runs, only: *only,
	}
	ctx := context.Background()
	var err error
	if *soak > 0 {
		err = b.soakMillrace(ctx, *millrace, *soak)
	} else {
		err = b.run(ctx, commands{*millrace, *mlflow, *fastTrackML}, files{*out, *earlier})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is the configuration of a measurement.
type bench struct {
	d      time.Duration
	server string
	runs   int
	only   string // "files", "searches", "traces", or "" for everything
	rounds int
	python string // an interpreter with MLflow's client, or ""
}

// files are the names of the files that a measurement is written to and compared with, or "".
type files struct{ out, earlier string }

// commands are the programs under test. Only that of Millrace is required.
type commands struct{ millrace, mlflow, fastTrackML string }

// peers returns the servers in the order of the report.
func (b *bench) peers(ctx context.Context, c commands) ([]peer, error) {
	binary, err := absolute(c.millrace)
	if err != nil {
		return nil, err
	}
	list := []peer{millracePeer(ctx, binary)}
	if c.mlflow != "" {
		command, err := absolute(c.mlflow)
		if err != nil {
			return nil, err
		}
		b.python = filepath.Join(filepath.Dir(command), "python")
		list = append(list, mlflowPeer(ctx, command))
	}
	if c.fastTrackML == "" {
		return list, nil
	}
	command, err := absolute(c.fastTrackML)
	return append(list, fastTrackMLPeer(ctx, command)), err
}

func (b *bench) run(ctx context.Context, c commands, f files) error {
	peers, err := b.peers(ctx, c)
	if err != nil {
		return err
	}
	earlier, err := readRows(f.earlier)
	if err != nil {
		return err
	}
	bucket, err := newBucket(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", envS3, err)
	}
	defer bucket.remove(ctx)
	var rounds []map[string][]figure
	for range b.rounds {
		round := map[string][]figure{}
		for _, p := range peers {
			if round[p.name], err = b.measureAll(ctx, p, bucket); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
		rounds = append(rounds, round)
	}
	rows := medians(rounds, peers)
	if err := report(os.Stdout, peers, rows, earlier); err != nil {
		return err
	}
	return writeRows(f.out, rows)
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
		more, err := b.figures(ctx, p, database, url, pid)
		figures = append(figures, more...)
		return err
	})
	return figures, err
}

func (b *bench) figures(ctx context.Context, p peer, database, url string, pid int) (figures []figure, err error) {
	time.Sleep(time.Second)
	idle, err := residentMB(pid)
	if err != nil {
		return nil, err
	}
	if b.only == "searches" {
		return b.searches(ctx, p, database, url)
	}
	figures = append(figures, figure{"memory when idle, whole tree", idle, "MB", lower})
	more, err := scenarios(ctx, p, url, b.only, b.d)
	if err != nil {
		return nil, err
	}
	figures = append(figures, more...)
	if b.only == "traces" {
		return figures, nil
	}
	if !p.oldAPI {
		if more, err = clients(ctx, url, b.python, b.d); err != nil {
			return nil, err
		}
		figures = append(figures, more...)
	}
	more, err = b.searches(ctx, p, database, url)
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
