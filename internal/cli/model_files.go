package cli

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/internal/serving"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models"
)

func (m *modelsCommand) download() *cobra.Command {
	var dst string
	cmd := &cobra.Command{Use: "download", Short: "Download the files of a model and print where they are now", Args: cobra.NoArgs}
	uri := m.modelURIFlag(cmd)
	cmd.RunE = m.with(func(cmd *cobra.Command, _ []string, c *mlflow.Client) error {
		return m.fetch(cmd, dst, func(dir string) (string, error) { return c.DownloadModel(cmd.Context(), *uri, dir) })
	})
	cmd.Flags().StringVarP(&dst, "dst-path", "d", "", "folder to put them into, made if need be (default: a new temporary one)")
	return cmd
}

func (m *modelsCommand) modelURIFlag(cmd *cobra.Command) *string {
	uri := cmd.Flags().StringP("model-uri", "m", "", "models:/<name>/<version or stage or latest>, models:/<name>@<alias>, models:/<model_id>, runs:/<run_id>/<path> or an artifact URI (required)")
	need(cmd, "model-uri")
	m.completeFlag(cmd, "model-uri", modelURIs)
	return uri
}

func (m *modelsCommand) predict() *cobra.Command {
	var input, output string
	cmd := &cobra.Command{
		Use:   "predict",
		Short: "Run an ONNX or PyTorch (.pt2) model once, without Python",
		Long: "Run an ONNX or PyTorch (.pt2) model once, without Python. The input is what a scoring server takes:\n" +
			`JSON such as {"inputs": [[1, 2]]} or {"inputs": {"name": [[1, 2]]}}, or CSV with a line of column names.`,
		Args: cobra.NoArgs,
	}
	uri := m.modelURIFlag(cmd)
	cmd.Flags().StringVarP(&input, "input-path", "i", "", "file with the input (default: standard input)")
	cmd.Flags().StringVarP(&output, "output-path", "o", "", "file for the predictions (default: the output)")
	kind := &choice{value: "json", of: []string{"json", "csv"}}
	kind.add(cmd, "content-type", "t", "what the input is")
	cmd.RunE = m.with(func(cmd *cobra.Command, _ []string, c *mlflow.Client) error {
		in, err := readInput(cmd, input)
		if err != nil {
			return err
		}
		model, err := mlflow.LoadModel(cmd.Context(), c, *uri, models.Open)
		if err != nil {
			return err
		}
		m.bar.end()
		contentType := map[string]string{"json": "application/json", "csv": "text/csv"}[kind.value]
		predictions, err := predict(cmd, model, contentType, in)
		if err != nil {
			return err
		}
		if output == "" {
			_, err = cmd.OutOrStdout().Write(append(predictions, '\n'))
			return err
		}
		if err := os.WriteFile(output, predictions, 0o644); err != nil { //nolint:gosec // Predictions are no secret of this user's.
			return err
		}
		return m.done(cmd, "The predictions are in %s.", output)
	})
	return cmd
}

func (m *modelsCommand) serve() *cobra.Command {
	var host string
	var port int
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Answer predictions of an ONNX or PyTorch (.pt2) model over HTTP, without Python",
		Long: "Answer predictions of an ONNX or PyTorch (.pt2) model over HTTP, without Python:\n" +
			"POST /invocations takes what MLflow's scoring server takes, GET /ping tells that the server is there.",
		Args: cobra.NoArgs,
	}
	uri := m.modelURIFlag(cmd)
	cmd.Flags().StringVarP(&host, "host", "h", "127.0.0.1", "address to listen on")
	cmd.Flags().IntVarP(&port, "port", "p", 5000, "port to listen on; 0 for any that is free")
	cmd.RunE = m.with(func(cmd *cobra.Command, _ []string, c *mlflow.Client) error {
		model, err := mlflow.LoadModel(cmd.Context(), c, *uri, models.Open)
		if err != nil {
			return err
		}
		m.bar.end()
		log, err := commandLog(cmd)
		if err != nil {
			return err
		}
		return serving.Serve(cmd.Context(), net.JoinHostPort(host, strconv.Itoa(port)), model, log, func(url string) {
			fmt.Fprintf(cmd.OutOrStdout(), "The model %s is ready at %s/invocations\n", *uri, url)
		})
	})
	return cmd
}

func readInput(cmd *cobra.Command, name string) ([]byte, error) {
	if name == "" {
		return io.ReadAll(cmd.InOrStdin())
	}
	return os.ReadFile(name) //nolint:gosec // The user's own file.
}

// predict asks the scoring server in this process, so that a model answers here
// as it does there.
func predict(cmd *cobra.Command, model *models.Model, contentType string, in []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(cmd.Context(), http.MethodPost, "/invocations", bytes.NewReader(in))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", contentType)
	a := &answer{header: http.Header{}}
	log, err := commandLog(cmd)
	if err != nil {
		return nil, err
	}
	serving.Handler(model, log).ServeHTTP(a, req)
	if cmp.Or(a.status, http.StatusOK) != http.StatusOK {
		return nil, a.failure()
	}
	return a.body.Bytes(), nil
}

// answer keeps what a handler writes.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }

func (a *answer) failure() error {
	var e struct {
		Message string `json:"message"`
	}
	if err := json.Unmarshal(a.body.Bytes(), &e); err != nil || e.Message == "" {
		return fmt.Errorf("the model answered %d: %s", a.status, &a.body)
	}
	return errors.New(e.Message)
}
