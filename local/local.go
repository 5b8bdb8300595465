// Package local runs a tracking server inside of the program. It has a SQLite database
// and a directory of artifacts, and serves the API and the web pages like `millrace
// server`. Package mlflow does not depend on it.
package local

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/pflag"

	"github.com/millrace-ml/millrace/internal/config"
	"github.com/millrace-ml/millrace/internal/server"
	"github.com/millrace-ml/millrace/mlflow"
)

// Options configures a server.
type Options struct {
	// Dir is the directory of mlflow.db and mlartifacts. It is created if it does not
	// exist. The default is the current directory.
	Dir string
	// Port is the TCP port on 127.0.0.1. The default 0 chooses a free port.
	Port int
	// Log receives the server's log. The default nil discards it.
	Log *slog.Logger
}

// Server is a tracking server in this process.
type Server struct {
	server *server.Server
	cancel context.CancelFunc
	done   chan struct{}
	err    error
}

// Start opens or creates the database and serves it until Close is called or ctx ends.
// Current requests are then completed.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // The umask applies.
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

// configuration returns the configuration of `millrace server` with its files in dir. It
// ignores the environment.
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

// URL returns the base URL of the server.
func (s *Server) URL() string { return s.server.URL() }

// Client returns a client of the server.
func (s *Server) Client(opts ...mlflow.Option) *mlflow.Client {
	return mlflow.NewClient(s.URL(), opts...)
}

// Close completes the current requests and closes the database.
func (s *Server) Close() error {
	s.cancel()
	<-s.done
	return s.err
}
