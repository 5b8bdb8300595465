// Package testserver runs the Millrace server of this repository for tests. It builds
// the command instead of importing its packages, because the module mlflow has no
// requirements.
package testserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
)

// command is the package of the server, relative to the directory of package mlflow.
const command = "../cmd/millrace"

// Available reports whether the source of the server is present, which it is not in a
// copy of the module alone.
func Available() bool {
	_, err := os.Stat(command)
	return err == nil
}

var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "millrace-test-")
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "millrace")
	build := exec.CommandContext(context.Background(), "go", "build", "-o", name, "./"+filepath.Base(command))
	build.Dir = filepath.Dir(command)
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // As it is released; the race detector's tests have 1.
	if out, err := build.CombinedOutput(); err != nil {
		return "", errors.Join(fmt.Errorf("build the server: %w\n%s", err, out), os.RemoveAll(dir))
	}
	return name, nil
})

// Clean removes the built server.
func Clean() error {
	name, err := binary()
	if err != nil {
		return err
	}
	return os.RemoveAll(filepath.Dir(name))
}

// Server is a running server.
type Server struct {
	// URL is its base URL.
	URL  string
	cmd  *exec.Cmd
	done chan error
}

var readyLine = regexp.MustCompile(`Millrace is ready at (\S+) `)

// Start builds the server if necessary and starts it with its data in dir.
func Start(dir string) (*Server, error) {
	name, err := binary()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(context.Background(), name, "server", "--port", "0",
		"--backend-store-uri", "sqlite:///"+filepath.Join(dir, "mlflow.db"),
		"--artifacts-destination", filepath.Join(dir, "mlartifacts"))
	cmd.Env = []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH")}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &Server{cmd: cmd, done: make(chan error, 1)}
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	go func() {
		_, copyErr := io.Copy(io.Discard, lines)
		s.done <- errors.Join(copyErr, cmd.Wait())
	}()
	if m := readyLine.FindStringSubmatch(first); err == nil && m != nil {
		s.URL = m[1]
		return s, nil
	}
	return nil, errors.Join(fmt.Errorf("the server printed %q", first), err, s.Stop())
}

// Stop stops the server and waits until it has ended.
func (s *Server) Stop() error {
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	return <-s.done
}
