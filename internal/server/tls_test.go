package server

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/config"
)

// pair is a certificate for 127.0.0.1 that signs itself, with its key, as PEM.
type pair struct{ cert, key []byte }

func newPair(t *testing.T, serial int64, until time.Time) pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "millrace"}, NotBefore: until.Add(-48 * time.Hour), NotAfter: until,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pair{
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}),
	}
}

func valid(t *testing.T, serial int64) pair { return newPair(t, serial, time.Now().Add(time.Hour)) }

// in writes the pair into a folder and returns the options of the server.
func (p pair) in(t *testing.T, dir string) []string {
	t.Helper()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if err := errors.Join(os.WriteFile(cert, p.cert, 0o600), os.WriteFile(key, p.key, 0o600)); err != nil {
		t.Fatal(err)
	}
	return []string{"--ssl-certfile", cert, "--ssl-keyfile", key}
}

// client returns a client that trusts the pairs and uses a new connection for each request.
func client(pairs ...pair) *http.Client {
	roots := x509.NewCertPool()
	for _, p := range pairs {
		roots.AppendCertsFromPEM(p.cert)
	}
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true, ForceAttemptHTTP2: true,
	}}
}

// serial returns the serial number of the certificate that the server shows, or 0.
func serial(t *testing.T, c *http.Client, s *Server) int64 {
	t.Helper()
	resp, err := c.Get(s.URL() + "/version")
	if err != nil {
		t.Log(err)
		return 0
	}
	defer resp.Body.Close()
	return resp.TLS.PeerCertificates[0].SerialNumber.Int64()
}

func TestHTTPS(t *testing.T) {
	t.Parallel()
	p := valid(t, 1)
	s := startIn(t, t.TempDir(), slog.New(slog.DiscardHandler), p.in(t, t.TempDir())...)
	c := client(p)
	if !strings.HasPrefix(s.URL(), "https://127.0.0.1:") {
		t.Error(s.URL())
	}
	body := strings.Repeat("x", 3<<20)
	file := s.URL() + "/api/2.0/mlflow-artifacts/artifacts/a/file"
	for _, try := range []struct {
		method, url, body string
		status            int
		want              string
	}{
		{"PUT", file, body, 200, ""},
		{"GET", file, "", 200, body},
		{"POST", s.URL() + "/api/2.0/mlflow/experiments/create", `{"name":"x"}`, 200, `{"experiment_id":"1"}`},
		{"POST", s.URL() + "/api/2.0/mlflow/nothing", body, 404, "ENDPOINT_NOT_FOUND"}, // The body is not read.
		{"PUT", s.URL() + "/api/2.0/mlflow-artifacts/artifacts/a%2F..%2Fb", body, 400, "INVALID_PARAMETER_VALUE"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), try.method, try.url, strings.NewReader(try.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		resp, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != try.status || resp.Proto != "HTTP/2.0" || !strings.Contains(string(got), try.want) {
			t.Errorf("%s %s: %s %s %.80q %v", try.method, try.url, resp.Proto, resp.Status, got, err)
		}
	}
	plain := send(t, "GET", strings.Replace(s.URL(), "https", "http", 1)+"/version", nil)
	if plain.status != 400 || plain.body != "Client sent an HTTP request to an HTTPS server.\n" {
		t.Errorf("%+v", plain)
	}
	old := client(p)
	versions := old.Transport.(*http.Transport).TLSClientConfig
	versions.MinVersion, versions.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	if _, err := old.Get(s.URL()); err == nil || !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("TLS 1.1: %v", err)
	}
	if _, err := client(valid(t, 1)).Get(s.URL()); err == nil {
		t.Error("a client that does not trust the certificate was served")
	}
}

// TestRenewal replaces the files of the certificate by others, in two steps as programs
// do that renew certificates, and by files that cannot be used.
func TestRenewal(t *testing.T) {
	t.Parallel()
	first, second, third := valid(t, 1), valid(t, 2), valid(t, 3)
	var log lines
	dir := t.TempDir()
	s := startIn(t, t.TempDir(), log.logger(slog.LevelInfo), first.in(t, dir)...)
	c := client(first, second, third)
	if n := serial(t, c, s); n != 1 {
		t.Fatal(n)
	}
	pair{second.cert, first.key}.in(t, dir) // The first step.
	warned := func() int { return strings.Count(log.String(), "the certificate cannot be renewed") }
	eventually(t, "the server says that the files do not match", func() bool {
		return serial(t, c, s) == 1 && warned() == 1
	})
	if n := serial(t, c, s); n != 1 || !strings.Contains(log.String(), "private key does not match") {
		t.Errorf("%d: %s", n, log.String())
	}
	second.in(t, dir)
	eventually(t, "the second certificate is in use", func() bool { return serial(t, c, s) == 2 })
	pair{nil, []byte("-----BEGIN NOTHING-----\n")}.in(t, dir)
	eventually(t, "the server says that the files are empty", func() bool { return serial(t, c, s) == 2 && warned() == 2 })
	if err := os.Remove(filepath.Join(dir, "key.pem")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the server says that a file is missing", func() bool { return serial(t, c, s) == 2 && warned() == 3 })
	time.Sleep(2 * certificateAge)
	if n := serial(t, c, s); n != 2 || warned() != 3 {
		t.Errorf("%d, %d warnings, want one for each problem: %s", n, warned(), log.String())
	}
	third.in(t, dir)
	eventually(t, "the third certificate is in use", func() bool { return serial(t, c, s) == 3 })
	if !strings.Contains(log.String(), "the certificate is in use") {
		t.Error(log.String())
	}
}

// TestExpiredCertificate starts a server whose certificate has expired. The server says
// so, and clients refuse it.
func TestExpiredCertificate(t *testing.T) {
	t.Parallel()
	p := newPair(t, 1, time.Now().Add(-time.Hour))
	var log lines
	s := startIn(t, t.TempDir(), log.logger(slog.LevelInfo), p.in(t, t.TempDir())...)
	_, err := client(p).Get(s.URL())
	var invalid x509.CertificateInvalidError
	if !errors.As(err, &invalid) || invalid.Reason != x509.Expired {
		t.Errorf("%v", err)
	}
	if !strings.Contains(log.String(), "the certificate has expired") || strings.Contains(log.String(), "handshake") {
		t.Error(log.String())
	}
}

func TestCertificatesThatStopTheStart(t *testing.T) {
	t.Parallel()
	first, second := valid(t, 1), valid(t, 2)
	encrypted := pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")})
	large := bytes.Repeat([]byte("x"), maxCertificate+1)
	for name, c := range map[string]struct {
		files pair
		args  []string
		want  string
	}{
		"mismatch":     {pair{first.cert, second.key}, nil, "private key does not match public key"},
		"no PEM":       {pair{[]byte("x"), first.key}, nil, "failed to find any PEM data in certificate input"},
		"no key":       {pair{first.cert, first.cert}, nil, "cannot be used"},
		"encrypted":    {pair{first.cert, encrypted}, nil, "is encrypted"},
		"large":        {pair{large, first.key}, nil, "too large"},
		"missing cert": {first, []string{"--ssl-certfile", "/none/cert.pem"}, "--ssl-certfile: open /none/cert.pem"},
		"missing key":  {first, []string{"--ssl-keyfile", "/none/key.pem"}, "--ssl-keyfile: open /none/key.pem"},
		"a folder":     {first, []string{"--ssl-keyfile", os.TempDir()}, "is a directory"},
	} {
		flags := pflag.NewFlagSet("", pflag.ContinueOnError)
		config.Flags(flags)
		dir := t.TempDir()
		args := append(c.files.in(t, dir), "--port", "0", "--backend-store-uri", "sqlite:///"+filepath.Join(dir, "mlflow.db"), "--artifacts-destination", dir)
		if err := flags.Parse(append(args, c.args...)); err != nil {
			t.Fatal(err)
		}
		loaded, err := config.Load(flags, func(string) string { return "" })
		if err != nil {
			t.Fatal(err)
		}
		_, err = New(t.Context(), loaded, slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want one line with %q", name, err, c.want)
		}
	}
}

// TestAnnouncements checks what the server says at its start about who may use it.
func TestAnnouncements(t *testing.T) {
	t.Parallel()
	const unencrypted = "arrive unencrypted"
	certificate := valid(t, 1).in(t, t.TempDir())
	for name, c := range map[string]struct {
		args         []string
		token, users bool
		want, not    string
	}{
		"this machine":                  {nil, true, false, "needs an access token", "WARNING"},
		"users on this machine":         {nil, false, true, "name and password", "WARNING"},
		"beyond, open":                  {[]string{"--host", "0.0.0.0"}, false, false, "accepts every request", unencrypted},
		"beyond with tokens":            {[]string{"--host", "0.0.0.0"}, true, false, unencrypted, "accepts every request"},
		"beyond with users":             {[]string{"--host", "0.0.0.0"}, false, true, unencrypted, "accepts every request"},
		"beyond with a certificate":     {append([]string{"--host", "0.0.0.0"}, certificate...), true, true, "ready at https://127.0.0.1", "WARNING"},
		"beyond, proxy elsewhere":       {[]string{"--host", "0.0.0.0", "--forwarded-allow-ips", "10.0.0.1"}, true, true, "name and password", "WARNING"},
		"beyond, proxy on this machine": {[]string{"--host", "0.0.0.0", "--forwarded-allow-ips", "127.0.0.1,::1"}, true, true, unencrypted, "every request, as"},
	} {
		s := startIn(t, t.TempDir(), slog.New(slog.DiscardHandler), c.args...)
		if c.token {
			if _, err := s.store.CreateToken(context.Background(), "me@example.org", "", auth.TokenHash("x"), 0); err != nil {
				t.Fatal(err)
			}
		}
		if c.users {
			s.config.Users = &config.Users{}
		}
		var said strings.Builder
		if err := s.Announce(t.Context(), &said); err != nil || !strings.Contains(said.String(), c.want) || strings.Contains(said.String(), c.not) {
			t.Errorf("%s: %v, %s", name, err, said.String())
		}
	}
}
