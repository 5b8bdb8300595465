package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/internal/serving"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models"
)

// maxTraceContent keeps the span of a request below the size that servers store.
const maxTraceContent = 1 << 20

func (m *modelsCommand) serve() *cobra.Command {
	var host string
	var port int
	var options serving.Options
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve an ONNX or PyTorch (.pt2) model over HTTP, without Python",
		Long: `Serve an ONNX or PyTorch (.pt2) model over HTTP, without Python.

POST /invocations has the request and response format of MLflow's scoring server.
GET /ping and /health are for health checks, GET /readyz is for load balancers, and
GET /metrics is for Prometheus.

A model of an alias, a stage or the latest version is replaced while the server runs, when
another version gets the alias. The old version serves until the new one is open.

With --trace-experiment, each request becomes a trace of an experiment. Traces are sent in the
background: a tracking server that is slow or away delays no prediction.`,
		Example: `  millrace models serve --model-uri models:/churn@champion --port 8080
  millrace models serve -m models:/churn/3 --host 0.0.0.0 --workers 4 --queue 200
  millrace models serve -m models:/churn@champion --trace-experiment churn-in-production`,
		Args: cobra.NoArgs,
	}
	uri := m.modelURIFlag(cmd)
	flags := cmd.Flags()
	flags.StringVarP(&host, "host", "h", "127.0.0.1", "`address` to listen on")
	flags.IntVarP(&port, "port", "p", 5000, "`port` to listen on; 0 selects a free port")
	flags.IntVarP(&options.Workers, "workers", "w", 0, "`number` of predictions at once; 0 is one for each processor")
	flags.IntVar(&options.Queue, "queue", 100, "`number` of requests that wait; further ones are answered with 503")
	flags.IntVar(&options.BatchRows, "batch-rows", 64,
		"most `rows` of waiting requests that are predicted together; 1 predicts each\nrequest alone")
	flags.DurationVar(&options.Source.Every, "reload-interval", 10*time.Second,
		"`time` between looks at which version the alias, stage or latest version is;\n0 never looks again")
	flags.DurationVar(&options.ShutdownDelay, "shutdown-delay", 0,
		"`time` after SIGTERM for which requests are accepted and /readyz answers 503")
	trace := m.traceFlags(cmd)
	open := seedFlag(cmd)
	cmd.RunE = m.run(func(cmd *cobra.Command, _ []string, c *mlflow.Client) error {
		if err := checkServing(&options); err != nil {
			return err
		}
		var err error
		if options.Trace, err = trace(cmd.Context(), c); err != nil {
			return err
		}
		address := net.JoinHostPort(host, strconv.Itoa(port))
		return m.serveModel(cmd, c, *uri, address, open, options)
	})
	return cmd
}

// seedFlag adds the option seed and returns the function that opens models with it.
func seedFlag(cmd *cobra.Command) func(dir string) (*models.Model, error) {
	seed := cmd.Flags().Uint64("seed", 0,
		"`number` for PyTorch models that draw random numbers, which are refused without it;\n"+
			"every prediction draws the same ones")
	return func(dir string) (*models.Model, error) {
		if cmd.Flags().Changed("seed") {
			return models.Seed(*seed).Open(dir)
		}
		return models.Open(dir)
	}
}

// traceFlags adds the options of traces and returns the function that finds their experiment.
func (m *modelsCommand) traceFlags(
	cmd *cobra.Command,
) func(context.Context, *mlflow.Client) (*serving.TraceOptions, error) {
	experiment := cmd.Flags().String("trace-experiment", "",
		"`name` or ID of the experiment in which requests become traces; by default they do not")
	content := cmd.Flags().Int("trace-content", 16<<10,
		"most `bytes` of the inputs of a request in its trace, and of the outputs; 0 leaves\nthem out")
	m.completeFlag(cmd, "trace-experiment", experimentNames)
	return func(ctx context.Context, c *mlflow.Client) (*serving.TraceOptions, error) {
		switch {
		case *content < 0 || *content > maxTraceContent:
			return nil, fmt.Errorf("--trace-content is %d; it is 0 to %d", *content, maxTraceContent)
		case *experiment == "" && cmd.Flags().Changed("trace-experiment"):
			return nil, errors.New("--trace-experiment is empty; name an experiment")
		case *experiment == "" && cmd.Flags().Changed("trace-content"):
			return nil, errors.New("--trace-content needs --trace-experiment")
		case *experiment == "":
			return nil, nil //nolint:nilnil // Requests are not traced.
		}
		found, err := c.ExperimentByName(ctx, *experiment)
		if errors.Is(err, mlflow.ResourceDoesNotExist) {
			if byID, failure := c.Experiment(ctx, *experiment); failure == nil {
				found, err = byID, nil
			}
		}
		if err != nil {
			return nil, err
		}
		return &serving.TraceOptions{Client: c, ExperimentID: found.ExperimentID, ContentBytes: *content}, nil
	}
}

func checkServing(o *serving.Options) error {
	switch {
	case o.Workers < 0:
		return fmt.Errorf("--workers is %d; it is 0 or more", o.Workers)
	case o.Queue < 1:
		return fmt.Errorf("--queue is %d; it is 1 or more", o.Queue)
	case o.BatchRows < 1:
		return fmt.Errorf("--batch-rows is %d; it is 1 or more", o.BatchRows)
	case o.Source.Every < 0 || o.ShutdownDelay < 0:
		return errors.New("--reload-interval and --shutdown-delay are 0 or more")
	}
	return nil
}

func (m *modelsCommand) serveModel(
	cmd *cobra.Command, c *mlflow.Client, uri, address string, open func(dir string) (*models.Model, error),
	options serving.Options,
) (err error) {
	ctx, opened := cmd.Context(), uri
	every := options.Source.Every
	options.Source = m.versionsOf(c, uri, open)
	if options.Source.Version != nil {
		if options.Version, err = options.Source.Version(ctx); err != nil {
			return err
		}
		opened = versionURI(uri, options.Version)
		options.Source.Every = every
	} else if parsed, err := mlflow.ParseModelURI(uri); err == nil {
		options.Version = parsed.Version
	}
	if parsed, err := mlflow.ParseModelURI(uri); err == nil && options.Trace != nil {
		options.Trace.ModelName = parsed.Name
	}
	model, err := mlflow.LoadModel(ctx, c, opened, open)
	if err != nil {
		return err
	}
	m.bar.Close()
	if options.Log, err = newLog(cmd); err != nil {
		return err
	}
	return serving.New(model, options).Serve(ctx, address, func(url string) {
		fmt.Fprintf(cmd.OutOrStdout(), "The model %s is ready at %s/invocations\n", uri, url)
	})
}

// versionsOf returns the source of the versions to which a URI leads over time. It is empty for
// a URI that always leads to the same model.
func (m *modelsCommand) versionsOf(
	c *mlflow.Client, uri string, open func(dir string) (*models.Model, error),
) serving.Source {
	parsed, err := mlflow.ParseModelURI(uri)
	if err != nil || parsed.Name == "" || parsed.Version != "" {
		return serving.Source{}
	}
	return serving.Source{
		Version: func(ctx context.Context) (string, error) {
			if parsed.Alias == "" {
				return latestVersion(ctx, c, parsed.Name, parsed.Stage)
			}
			v, err := c.ModelVersionByAlias(ctx, parsed.Name, parsed.Alias)
			if err == nil && v == nil {
				err = noVersion(uri)
			}
			if err != nil {
				return "", err
			}
			return v.Version, nil
		},
		Open: func(ctx context.Context, version string) (*models.Model, error) {
			defer m.bar.Close()
			return mlflow.LoadModel(ctx, c, versionURI(uri, version), open)
		},
	}
}

// latestVersion returns the highest version of a model in a stage, or in any stage for "".
func latestVersion(ctx context.Context, c *mlflow.Client, name, stage string) (string, error) {
	var stages []string
	if stage != "" {
		stages = []string{stage}
	}
	list, err := c.LatestVersions(ctx, name, stages...)
	if err != nil {
		return "", err
	}
	if len(list) == 0 {
		return "", noVersion("models:/" + name + "/" + cmp.Or(stage, "latest"))
	}
	return slices.MaxFunc(list, func(a, b mlflow.ModelVersion) int {
		return cmp.Or(cmp.Compare(len(a.Version), len(b.Version)), cmp.Compare(a.Version, b.Version))
	}).Version, nil
}

func noVersion(uri string) error {
	return mlflow.Errorf(mlflow.ResourceDoesNotExist, "%s leads to no version", uri)
}

func versionURI(uri, version string) string {
	parsed, err := mlflow.ParseModelURI(uri)
	if err != nil {
		return uri
	}
	return "models:/" + parsed.Name + "/" + version
}
