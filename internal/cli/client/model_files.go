package client

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/internal/config"
	"github.com/millrace-ml/millrace/internal/server"
	"github.com/millrace-ml/millrace/internal/serving"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models"
)

func (m *modelsCommand) download() *cobra.Command {
	var dst string
	cmd := &cobra.Command{
		Use:   "download",
		Short: "Download the files of a model and print their local path",
		Args:  cobra.NoArgs,
	}
	uri := m.modelURIFlag(cmd)
	cmd.RunE = m.run(func(cmd *cobra.Command, _ []string, c *mlflow.Client) error {
		return m.fetch(cmd, dst, func(dir string) (string, error) { return c.DownloadModel(cmd.Context(), *uri, dir) })
	})
	dstFlag(cmd, &dst)
	return cmd
}

func (m *modelsCommand) modelURIFlag(cmd *cobra.Command) *string {
	uri := cmd.Flags().StringP("model-uri", "m", "",
		"`URI` of the model: models:/<name>/<version, stage or latest>,\n"+
			"models:/<name>@<alias>, models:/<model_id>, runs:/<run_id>/<path>,\nor an artifact URI (required)")
	require(cmd, "model-uri")
	m.completeFlag(cmd, "model-uri", modelURIs)
	return uri
}

var contentTypes = map[string]string{
	"json": "application/json", "csv": "text/csv", "parquet": "application/vnd.apache.parquet", "npy": "application/x-npy",
}

func (m *modelsCommand) predict() *cobra.Command {
	var inPath, outPath string
	cmd := &cobra.Command{
		Use:   "predict",
		Short: "Run an ONNX or PyTorch (.pt2) model once, without Python",
		Long: `Run an ONNX or PyTorch (.pt2) model once, without Python.

The input has the format of MLflow's scoring server: JSON such as {"inputs": [[1, 2]]} or
{"inputs": {"name": [[1, 2]]}}, or CSV with a header, or parquet. npy is an array that
numpy.save wrote.`,
		Example: `  millrace models predict --model-uri models:/churn@champion --input-path rows.json
  millrace models predict --model-uri models:/churn/2 --content-type csv < rows.csv`,
		Args: cobra.NoArgs,
	}
	uri := m.modelURIFlag(cmd)
	cmd.Flags().StringVarP(&inPath, "input-path", "i", "", "input `file` (default standard input)")
	cmd.Flags().StringVarP(&outPath, "output-path", "o", "", "output `file` for the predictions (default standard output)")
	kind := &choice{value: "json", of: []string{"json", "csv", "parquet", "npy"}}
	kind.add(cmd, "content-type", "t", "format of the input")
	open := seedFlag(cmd)
	cmd.RunE = m.run(func(cmd *cobra.Command, _ []string, c *mlflow.Client) error {
		in, err := readInput(cmd, inPath)
		if err != nil {
			return err
		}
		model, err := mlflow.LoadModel(cmd.Context(), c, *uri, open)
		if err != nil {
			return err
		}
		m.bar.Close()
		predictions, err := predict(cmd, model, contentTypes[kind.value], in)
		if err != nil {
			return err
		}
		if outPath == "" {
			_, err = cmd.OutOrStdout().Write(append(predictions, '\n'))
			return err
		}
		//nolint:gosec // Other users may read predictions.
		if err := os.WriteFile(outPath, predictions, 0o644); err != nil {
			return err
		}
		return m.done(cmd, "Wrote the predictions to %s.", outPath)
	})
	return cmd
}

func readInput(cmd *cobra.Command, name string) ([]byte, error) {
	if name == "" {
		return io.ReadAll(cmd.InOrStdin())
	}
	return os.ReadFile(name) //nolint:gosec // The user chooses the file.
}

// predict sends the input to the handler of `models serve`, so that both commands
// return the same predictions and errors.
func predict(cmd *cobra.Command, model *models.Model, contentType string, in []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(cmd.Context(), http.MethodPost, "/invocations", bytes.NewReader(in))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", contentType)
	w := &recorder{header: http.Header{}}
	log, err := newLog(cmd)
	if err != nil {
		return nil, err
	}
	serving.Handler(model, log).ServeHTTP(w, req)
	if cmp.Or(w.status, http.StatusOK) != http.StatusOK {
		return nil, w.err()
	}
	return w.body.Bytes(), nil
}

// recorder is a ResponseWriter that keeps the response in memory.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }

// err returns the error message of a response.
func (r *recorder) err() error {
	var e struct {
		Message string `json:"message"`
	}
	if err := json.Unmarshal(r.body.Bytes(), &e); err != nil || e.Message == "" {
		return fmt.Errorf("the model returned status %d: %s", r.status, &r.body)
	}
	return errors.New(e.Message)
}

// newLog returns the log of a command, which is configured by environment variables.
func newLog(cmd *cobra.Command) (*slog.Logger, error) {
	c, err := config.LogOf(os.Getenv)
	return slog.New(server.LogHandler(cmd.ErrOrStderr(), c)), err
}
