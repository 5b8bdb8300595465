package main

import (
	"context"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// The names of the peers.
const (
	millrace    = "millrace"
	mlflowName  = "mlflow"
	fastTrackML = "fasttrackml"
)

// peer is a server under test.
type peer struct {
	name    string
	command func(database string, port int) *exec.Cmd
	options []string // added to the command
	env     []string // added to the environment
	// oldAPI is set for a server that has runs and metrics only: no logged models, and no
	// tables that [fill] can write to.
	oldAPI bool
	// slow is set for a server whose searches take minutes with several clients.
	slow bool
}

func millracePeer(ctx context.Context, binary string) peer {
	return peer{name: millrace, command: func(database string, port int) *exec.Cmd {
		return exec.CommandContext(ctx, binary, "server", "--port", strconv.Itoa(port), "--backend-store-uri", database)
	}}
}

// mlflowPeer runs MLflow with one worker, which is its fastest configuration here.
func mlflowPeer(ctx context.Context, command string) peer {
	return peer{name: mlflowName, slow: true, command: func(database string, port int) *exec.Cmd {
		return exec.CommandContext(ctx, command, "server", "--workers", "1", "--port", strconv.Itoa(port),
			"--backend-store-uri", database)
	}}
}

func fastTrackMLPeer(ctx context.Context, command string) peer {
	return peer{name: fastTrackML, oldAPI: true, command: func(database string, port int) *exec.Cmd {
		// Its URI of a file has two slashes, and drivers of Python mean nothing to it.
		database = strings.Replace(database, "sqlite:///", "sqlite://", 1)
		database = strings.Replace(database, "postgresql+psycopg2:", "postgres:", 1)
		return exec.CommandContext(ctx, command, "server", "--listen-address", "127.0.0.1:"+strconv.Itoa(port),
			"--database-uri", database, "--log-level", "error")
	}}
}

// absolute returns the path of a command, or "" for none.
func absolute(command string) (string, error) {
	if command == "" {
		return "", nil
	}
	return filepath.Abs(command)
}
