// Package local runs a tracking server within the program: over a SQLite file,
// with the artifacts in a folder beside it, the same as `millrace server` does.
// The web pages are there, too. Package mlflow itself needs no server's code.
package local

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/pflag"

	"github.com/millrace-ml/millrace/internal/config"
	"github.com/millrace-ml/millrace/internal/server"
	"github.com/millrace-ml/millrace/mlflow"
)

// Options says where a server keeps its data and where it listens.
type Options struct {
	// Dir holds mlflow.db and mlartifacts; it is made if need be. Empty for the
	// current folder.
	Dir string
	// Port is the TCP port on 127.0.0.1, 0 for any that is free.
	Port int
	// Log is where the server writes what goes wrong; nil for nowhere.
	Log *slog.Logger
}

// Server is a tracking server in this process.
type Server struct {
	server *server.Server
	cancel context.CancelFunc
	done   chan struct{}
	err    error
}

// Start opens the database, which is made or checked, and serves it until Close
// is called or ctx ends. Requests under way are then finished.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // As any folder of the user's.
		return nil, err
	}
	c, err := configuration(dir, o.Port)
	if err != nil {
		return nil, err
	}
	s := &Server{done: make(chan struct{})}
	if s.server, err = server.New(ctx, c, o.Log); err != nil {
		return nil, fmt.Errorf("starting a server in %s: %w", dir, err)
	}
	ctx, s.cancel = context.WithCancel(ctx)
	go func() {
		defer close(s.done)
		s.err = s.server.Serve(ctx)
	}()
	return s, nil
}

// configuration is that of `millrace server` with its files in dir. The
// environment does not change it.
func configuration(dir string, port int) (*config.Config, error) {
	fs := pflag.NewFlagSet("local", pflag.ContinueOnError)
	config.Flags(fs)
	err := fs.Parse([]string{
		"--backend-store-uri", "sqlite:///" + filepath.Join(dir, "mlflow.db"),
		"--artifacts-destination", filepath.Join(dir, "mlartifacts"),
		"--host", "127.0.0.1", "--port", strconv.Itoa(port),
	})
	if err != nil {
		return nil, err
	}
	return config.Load(fs, func(string) string { return "" })
}

// URL returns the server's address, for clients and browsers.
func (s *Server) URL() string { return s.server.URL() }

// Client returns a client of the server.
func (s *Server) Client(opts ...mlflow.Option) *mlflow.Client {
	return mlflow.NewClient(s.URL(), opts...)
}

// Close finishes the requests under way and closes the database.
func (s *Server) Close() error {
	s.cancel()
	<-s.done
	return s.err
}
