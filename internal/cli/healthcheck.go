package cli

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/millrace-ml/millrace/internal/config"
)

// maxHealthResponse limits how much of a response to a probe is read.
const maxHealthResponse = 64 << 10

func newHealthcheckCommand() *cobra.Command {
	var live bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Check whether a running server is ready",
		Long: `Check whether a running server is ready, and exit with status 0 if it is and 1 if it is not.

The command sends GET /readyz, or /livez with --live, to the server that the same flags and
environment variables would start on this machine. It is meant for the health checks of containers,
which run it in the environment of the server.`,
		Example: `  millrace healthcheck
  millrace healthcheck --live --port 8080 --timeout 2s`,
		Args: cobra.NoArgs,
	}
	// Of the server's options only those of its address apply.
	options := pflag.NewFlagSet("", pflag.ContinueOnError)
	config.Flags(options)
	for _, name := range []string{"host", "port", "static-prefix", "ssl-certfile", "ssl-keyfile"} {
		cmd.Flags().AddFlag(options.Lookup(name))
	}
	cmd.Flags().BoolVar(&live, "live", false, "check only that the process responds, not its database and artifacts")
	cmd.Flags().DurationVar(&timeout, "timeout", 5*time.Second, "time to wait for the response")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if timeout <= 0 {
			return fmt.Errorf("--timeout must be a positive duration, such as 5s, not %s", timeout)
		}
		c, err := config.Load(options, os.Getenv)
		if err != nil {
			return err
		}
		if c.Port == 0 {
			return errors.New("--port 0 selects a free port when the server starts; specify the port of the server")
		}
		url := c.LocalURL(c.Host, c.Port) + "/readyz"
		if live {
			url = c.LocalURL(c.Host, c.Port) + "/livez"
		}
		if err := probe(cmd.Context(), url, timeout); err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: ok\n", url)
		return err
	}
	return cmd
}

// probe requests the URL of a probe, and returns an error unless the server responds with
// 200 and the status ok in time.
func probe(ctx context.Context, url string, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	// The server is on this machine, so the proxy of the environment does not apply. A
	// redirect leads to another server. The certificate of the server is for its public
	// name, not for this address, and the request has no secret.
	//nolint:gosec // The reason is above.
	trust := &tls.Config{InsecureSkipVerify: true}
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, TLSClientConfig: trust},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		return probeError(url, timeout, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxHealthResponse))
	if err != nil {
		return probeError(url, timeout, err)
	}
	var report struct {
		Status string            `json:"status"`
		Checks map[string]string `json:"checks"`
	}
	if err := json.Unmarshal(body, &report); err != nil || report.Status == "" {
		return fmt.Errorf("%s: %s, but the response is not one of Millrace", url, resp.Status)
	}
	if resp.StatusCode == http.StatusOK && report.Status == "ok" {
		return nil
	}
	var failed []string
	for _, part := range slices.Sorted(maps.Keys(report.Checks)) {
		if state := report.Checks[part]; state != "ok" {
			failed = append(failed, "; "+part+": "+state)
		}
	}
	return fmt.Errorf("%s: %s: %s%s", url, resp.Status, report.Status, strings.Join(failed, ""))
}

func probeError(url string, timeout time.Duration, err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s: no response within %s", url, timeout)
	}
	return err
}
