package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace-ml/millrace/internal/config"
)

const (
	// certificateAge is how long the files of a certificate are not read again.
	certificateAge = time.Second
	// maxCertificate is the size of the largest file in bytes.
	maxCertificate = 1 << 20
)

// certificate is the certificate of the server. It follows its files: a handshake reads
// them again if the last time was more than a second ago. Files that cannot be used
// leave the last certificate in place.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	current atomic.Pointer[tls.Certificate]

	mu      sync.Mutex // of the fields below; a handshake does not wait for another that reads the files
	read    time.Time
	content [sha256.Size]byte // of the files when they were read
	failure string            // of the last time, to log it once
}

// newCertificate reads the files of a certificate. It returns nil for a server without
// TLS.
func newCertificate(c *config.Config, log *slog.Logger) (*certificate, error) {
	if c.SSLCertFile == "" {
		return nil, nil
	}
	cert := &certificate{certFile: c.SSLCertFile, keyFile: c.SSLKeyFile, log: log, read: time.Now()}
	loaded, _, err := cert.load()
	if err != nil {
		return nil, err
	}
	cert.use(loaded)
	return cert, nil
}

// tlsConfig returns the configuration of a listener, or nil for a server without TLS.
// net/http adds HTTP/2.
func (c *certificate) tlsConfig() *tls.Config {
	if c == nil {
		return nil
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			c.refresh()
			return c.current.Load(), nil
		},
	}
}

// refresh reads the files again if it is time to.
func (c *certificate) refresh() {
	if !c.mu.TryLock() {
		return
	}
	defer c.mu.Unlock()
	if time.Since(c.read) < certificateAge {
		return
	}
	c.read = time.Now()
	loaded, changed, err := c.load()
	switch {
	case err != nil && err.Error() != c.failure:
		c.failure = err.Error()
		c.log.Warn("the certificate cannot be renewed; the last one is still in use", "error", err)
	case err == nil && changed:
		c.use(loaded)
	}
	if err == nil {
		c.failure = ""
	}
}

func (c *certificate) use(loaded *tls.Certificate) {
	c.current.Store(loaded)
	until := loaded.Leaf.NotAfter
	if time.Now().After(until) {
		c.log.Warn("the certificate has expired; clients refuse it", "file", c.certFile, "expired", until)
		return
	}
	c.log.Info("the certificate is in use", "file", c.certFile, "expires", until)
}

// load reads the files. It reports whether they differ from the ones that were loaded
// last, and returns no certificate if they do not.
func (c *certificate) load() (loaded *tls.Certificate, changed bool, err error) {
	certPEM, err := readPEM(c.certFile)
	if err != nil {
		return nil, false, fmt.Errorf("--ssl-certfile: %w", err)
	}
	keyPEM, err := readPEM(c.keyFile)
	if err != nil {
		return nil, false, fmt.Errorf("--ssl-keyfile: %w", err)
	}
	content := sha256.Sum256(append(append(certPEM[:len(certPEM):len(certPEM)], 0), keyPEM...))
	if content == c.content {
		return nil, false, nil
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	switch {
	case err != nil && bytes.Contains(keyPEM, []byte("ENCRYPTED")):
		return nil, false, fmt.Errorf("--ssl-keyfile: the key in %s is encrypted; the server needs a plain one", c.keyFile)
	case err != nil:
		return nil, false, fmt.Errorf("--ssl-certfile %s and --ssl-keyfile %s cannot be used: %w", c.certFile, c.keyFile, err)
	}
	c.content = content
	return &pair, true, nil
}

func readPEM(path string) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // The administrator names the file.
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxCertificate+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > maxCertificate:
		return nil, errors.New(path + " is too large for a certificate or a key")
	}
	return text, nil
}

// httpErrors returns the log of net/http. Handshakes fail because of clients, such as
// port scanners and load balancers that only connect, so that they are not warnings.
func httpErrors(to *slog.Logger) *log.Logger {
	return log.New(httpErrorWriter{to}, "", 0)
}

type httpErrorWriter struct{ to *slog.Logger }

func (w httpErrorWriter) Write(line []byte) (int, error) {
	text, level := strings.TrimSuffix(string(line), "\n"), slog.LevelWarn
	if strings.HasPrefix(text, "http: TLS handshake error") {
		level = slog.LevelDebug
	}
	w.to.Log(context.Background(), level, text)
	return len(line), nil
}
