package mlflow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"os/user"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Tags with the origin of a run, which MLflow's pages show.
const (
	tagUser        = "mlflow.user"
	tagSourceName  = "mlflow.source.name"
	tagSourceType  = "mlflow.source.type"
	tagCommit      = "mlflow.source.git.commit"
	tagParent      = "mlflow.parentRunId"
	tagDescription = "mlflow.note.content"
)

// endTimeout is the time to end a run after a signal.
const endTimeout = 10 * time.Second

// errRunEnded is the error of logging to a run after End.
var errRunEnded = Errorf(InvalidState, "the run has ended; start it again with RunOptions.RunID")

// RunOptions configures a run. The zero value starts a new run with a generated name in
// the client's experiment.
type RunOptions struct {
	// RunID is the ID of a run to resume.
	RunID string
	// ExperimentID is the experiment of a new run. The default is that of
	// [Client.SetExperiment].
	ExperimentID string
	// ParentRunID is the ID of the parent of a nested run. [ActiveRun.StartChild] sets
	// it.
	ParentRunID string
	Name        string
	Description string
	Tags        map[string]string
	// EndOnSignal delivers all metrics and ends the run as KILLED if the program
	// receives SIGINT or SIGTERM. The signal then has its usual effect.
	EndOnSignal bool
	// Strict makes tracking errors errors of the program. By default, errors of metrics
	// in the background and values that could not be delivered are logged with
	// [log/slog] and only [ActiveRun.Flush] returns them; params and tags are queued
	// like metrics while the server is not available. A strict run returns such errors
	// from [ActiveRun.End] and [Client.WithRun]; LogMetric fails after metrics were
	// lost, and params and tags fail while the server is not available.
	Strict bool
}

// ActiveRun is a run of this program. Its methods are safe for concurrent use. Metrics
// are sent in the background; other methods return after the server has stored the data.
// While the server is not available, metrics, params and tags are queued in memory and
// then in a file, for hours if necessary; see [WithSpill]. A run that is not strict
// never ends the program because of the server.
type ActiveRun struct {
	// Info is the response of the server when the run was started.
	Info   RunInfo
	client *Client
	store  artifactStore
	queue  *metricQueue
	strict bool
	end    sync.Mutex
	ended  bool
	over   chan struct{}
	tables sync.Mutex // held while a table is modified

	activeModel atomic.Pointer[string]
}

// SetExperiment selects the experiment of the client's runs by name and creates it if it
// does not exist. The default is the experiment of MLFLOW_EXPERIMENT_ID or
// MLFLOW_EXPERIMENT_NAME, or else the experiment "Default".
func (c *Client) SetExperiment(ctx context.Context, name string) (*Experiment, error) {
	e, err := c.ExperimentByName(ctx, name)
	if errors.Is(err, ResourceDoesNotExist) {
		_, err = c.CreateExperiment(ctx, &CreateExperimentRequest{Name: name})
		if err == nil || errors.Is(err, ResourceAlreadyExists) { // Another program may have created it.
			e, err = c.ExperimentByName(ctx, name)
		}
	}
	if err != nil {
		return nil, err
	}
	if e.LifecycleStage != StageActive {
		return nil, Errorf(
			InvalidParameterValue,
			"the experiment %q is deleted; restore it with Client.RestoreExperiment or choose another name",
			name,
		)
	}
	c.experiment.Store(e.ExperimentID)
	return e, nil
}

func (c *Client) experimentID(ctx context.Context) (string, error) {
	if id, ok := c.experiment.Load().(string); ok {
		return id, nil
	}
	if id := os.Getenv("MLFLOW_EXPERIMENT_ID"); id != "" {
		return id, nil
	}
	if name := os.Getenv("MLFLOW_EXPERIMENT_NAME"); name != "" {
		e, err := c.SetExperiment(ctx, name)
		if err != nil {
			return "", err
		}
		return e.ExperimentID, nil
	}
	return "0", nil
}

// StartRun starts or resumes a run. The caller must end it with [ActiveRun.End]. ctx
// applies to the start only.
func (c *Client) StartRun(ctx context.Context, o RunOptions) (*ActiveRun, error) {
	run, err := c.begin(ctx, &o)
	if err != nil {
		return nil, err
	}
	store, err := c.artifactStoreAt(run.ArtifactURI)
	if err != nil && !unreachable(err) {
		return nil, err
	}
	if err != nil { // Params and metrics work without artifacts.
		store = refusingStore{err}
	}
	r := &ActiveRun{Info: *run, client: c, store: store, strict: o.Strict, over: make(chan struct{})}
	r.queue = c.newMetricQueue(ctx, run.RunID, o.Strict)
	if o.EndOnSignal {
		r.endOnSignal() //nolint:contextcheck // ctx applies to the start, and the signal may arrive much later.
	}
	return r, nil
}

// begin creates the run or sets the status of a resumed run.
func (c *Client) begin(ctx context.Context, o *RunOptions) (*RunInfo, error) {
	if o.RunID != "" {
		if err := c.catchUp(ctx, o.RunID, o.Strict); err != nil {
			return nil, err
		}
		if _, err := c.UpdateRun(ctx, &UpdateRunRequest{RunID: o.RunID, Status: RunRunning, RunName: o.Name}); err != nil {
			return nil, err
		}
		if tags := o.tags(nil); len(tags) > 0 {
			if err := c.LogBatch(ctx, &LogBatchRequest{RunID: o.RunID, Tags: tags}); err != nil {
				return nil, err
			}
		}
		run, err := c.Run(ctx, o.RunID)
		if err != nil {
			return nil, err
		}
		return &run.Info, nil
	}
	id := o.ExperimentID
	if id == "" {
		var err error
		if id, err = c.experimentID(ctx); err != nil {
			return nil, err
		}
	}
	who := userName()
	run, err := c.CreateRun(ctx, &CreateRunRequest{
		ExperimentID: id, UserID: who, RunName: o.Name, StartTime: time.Now().UnixMilli(), Tags: o.tags(originTags(who)),
	})
	if err != nil {
		return nil, err
	}
	return &run.Info, nil
}

// tags returns the tags of the run. Tags of the user override those of the origin.
func (o *RunOptions) tags(origin map[string]string) []Tag {
	all := origin
	if all == nil {
		all = map[string]string{}
	}
	if o.Description != "" {
		all[tagDescription] = o.Description
	}
	if o.ParentRunID != "" {
		all[tagParent] = o.ParentRunID
	}
	for k, v := range o.Tags {
		all[k] = v
	}
	return tagsOf(all)
}

func originTags(who string) map[string]string {
	tags := map[string]string{tagUser: who, tagSourceName: filepath.Base(os.Args[0]), tagSourceType: "LOCAL"}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				tags[tagCommit] = s.Value
			}
		}
	}
	return tags
}

func userName() string {
	if name := cmp.Or(os.Getenv("MLFLOW_TRACKING_USERNAME"), os.Getenv("USER")); name != "" {
		return name
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "unknown"
}

// ID returns the run's ID.
func (r *ActiveRun) ID() string { return r.Info.RunID }

// Client returns the client that the run was started with.
func (r *ActiveRun) Client() *Client { return r.client }

// URL returns the URL of the run's page.
func (r *ActiveRun) URL() string {
	return fmt.Sprintf("%s/#/experiments/%s/runs/%s", r.client.base, r.Info.ExperimentID, r.Info.RunID)
}

// Strict reports whether the run is strict; see [RunOptions].
func (r *ActiveRun) Strict() bool { return r.strict }

// Flush waits until the server has processed all metrics logged so far. It returns the
// errors since the last Flush: metrics that the server refused and the number of lost
// values. It stops waiting when the server has not been available for the duration of
// [WithRetryFor]; the metrics remain queued.
func (r *ActiveRun) Flush(ctx context.Context) error { return r.queue.flush(ctx) }

// End delivers all metrics and sets the status and the end time of the run. Further
// calls do nothing. If ctx ends or the server is not available for the duration of
// [WithRetryFor], the rest stays in a file for [Client.Deliver]; see [WithSpill]. A
// strict run returns errors of tracking; any other run logs them.
func (r *ActiveRun) End(ctx context.Context, status RunStatus) error {
	r.end.Lock()
	defer r.end.Unlock()
	if r.ended {
		return nil
	}
	r.ended = true
	close(r.over)
	left, met := r.queue.close(ctx)
	return r.report(r.finish(ctx, status, left, met))
}

// WithRun starts a run, calls f with it, and ends it. The status is FINISHED if f
// returns nil, KILLED if ctx was canceled, and otherwise FAILED, also if f panics.
// Ending the run does not depend on ctx.
func (c *Client) WithRun(
	ctx context.Context,
	o RunOptions,
	f func(ctx context.Context, run *ActiveRun) error,
) (err error) {
	run, err := c.StartRun(ctx, o)
	if err != nil {
		return err
	}
	status := RunFailed
	defer func() {
		err = errors.Join(err, run.End(context.WithoutCancel(ctx), status))
	}()
	switch err = f(ctx, run); {
	case err == nil:
		status = RunFinished
	case ctx.Err() != nil:
		status = RunKilled
	}
	return err
}

func (r *ActiveRun) endOnSignal() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		defer signal.Stop(signals)
		select {
		case <-r.over:
		case s := <-signals:
			ctx, cancel := context.WithTimeout(context.Background(), endTimeout)
			defer cancel()
			if err := r.End(ctx, RunKilled); err != nil {
				fmt.Fprintln(os.Stderr, "mlflow: ending the run:", err)
			}
			signal.Stop(signals)
			if self, err := os.FindProcess(os.Getpid()); err == nil {
				_ = self.Signal(s) // The signal has its default effect now.
			}
		}
	}()
}
