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

// The tags by which MLflow's own pages know a run's origin.
const (
	tagUser        = "mlflow.user"
	tagSourceName  = "mlflow.source.name"
	tagSourceType  = "mlflow.source.type"
	tagCommit      = "mlflow.source.git.commit"
	tagParent      = "mlflow.parentRunId"
	tagDescription = "mlflow.note.content"
)

// endTimeout bounds what a run does after a signal.
const endTimeout = 10 * time.Second

// errRunEnded is what logging to a run returns after End.
var errRunEnded = Errorf(InvalidState, "the run has ended; start it again with RunOptions.RunID")

// RunOptions says how a run begins. The zero value starts a new run, with a name
// that the server invents, in the client's experiment.
type RunOptions struct {
	// RunID resumes a run instead of starting one.
	RunID string
	// ExperimentID is where the run belongs; empty for the one chosen by
	// [Client.SetExperiment].
	ExperimentID string
	// ParentRunID nests the run under another; [ActiveRun.StartChild] sets it.
	ParentRunID string
	Name        string
	Description string
	Tags        map[string]string
	// EndOnSignal ends the run as KILLED, with all its metrics delivered, when
	// the program gets SIGINT or SIGTERM; the signal then takes its course.
	EndOnSignal bool
	// Strict is for programs that would rather stop than go on untracked. Without
	// it, what goes wrong with metrics in the background, and what a run could not
	// deliver at its end, is logged with [log/slog] and returned by no method but
	// [ActiveRun.Flush]; params and tags wait with the metrics while the server is
	// away. With it, [ActiveRun.End] and [Client.WithRun] return that, LogMetric
	// fails once metrics are lost, and params and tags fail while the server is away.
	Strict bool
}

// ActiveRun is a run that this program carries out. Its methods are safe for
// concurrent use. Metrics are logged in the background; everything else, before
// a method returns. While the server is away, metrics, params and tags wait for
// it, for hours if need be: in memory first, then in a file; see [WithSpill]. So
// neither its absence nor its refusals end the program, unless the run is Strict.
type ActiveRun struct {
	// Info is the run as the server answered when it began.
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

// SetExperiment finds or makes the experiment of this name and lets the client's
// runs go there. Without it they go to the experiment that MLFLOW_EXPERIMENT_ID
// or MLFLOW_EXPERIMENT_NAME names, or else to the one called Default.
func (c *Client) SetExperiment(ctx context.Context, name string) (*Experiment, error) {
	e, err := c.ExperimentByName(ctx, name)
	if errors.Is(err, ResourceDoesNotExist) {
		_, err = c.CreateExperiment(ctx, &CreateExperimentRequest{Name: name})
		if err == nil || errors.Is(err, ResourceAlreadyExists) { // Somebody else was faster.
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

// StartRun starts or resumes a run, which must be ended with [ActiveRun.End].
// ctx is for the start alone.
func (c *Client) StartRun(ctx context.Context, o RunOptions) (*ActiveRun, error) {
	run, err := c.begin(ctx, &o)
	if err != nil {
		return nil, err
	}
	store, err := c.artifactStoreAt(run.ArtifactURI)
	if err != nil && !unreachable(err) {
		return nil, err
	}
	if err != nil { // Params and metrics work; files say why they do not.
		store = refusingStore{err}
	}
	r := &ActiveRun{Info: *run, client: c, store: store, strict: o.Strict, over: make(chan struct{})}
	r.queue = c.newMetricQueue(ctx, run.RunID, o.Strict)
	if o.EndOnSignal {
		r.endOnSignal() //nolint:contextcheck // ctx is for the start; the signal may come long after it.
	}
	return r, nil
}

// begin makes the run, or sets a resumed one to RUNNING.
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

// tags returns the run's tags; those that the user gives win over origin.
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

// URL returns the address of the run's page.
func (r *ActiveRun) URL() string {
	return fmt.Sprintf("%s/#/experiments/%s/runs/%s", r.client.base, r.Info.ExperimentID, r.Info.RunID)
}

// Strict tells whether the run was started with RunOptions.Strict.
func (r *ActiveRun) Strict() bool { return r.strict }

// Flush waits until the server has taken all metrics logged so far. It returns
// the errors that the background has met since the last Flush: the metrics that
// the server refused, and how many are lost. It gives up when the server has been
// away for as long as [WithRetryFor] says; what waits is not lost by that.
func (r *ActiveRun) Flush(ctx context.Context) error { return r.queue.flush(ctx) }

// End delivers all metrics and sets the run's status and end time; later calls
// do nothing. If ctx ends before, or the server stays away for as long as
// [WithRetryFor] says, what was not delivered stays in a file, with the status, for
// [Client.Deliver]; see [WithSpill]. What went wrong is returned to a strict run
// and logged for any other.
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

// WithRun starts a run, calls f with it and ends it: FINISHED when f returns
// nil, KILLED when ctx was canceled, else FAILED; also when f panics. Ending does
// not depend on ctx, so that a canceled program loses nothing.
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
				_ = self.Signal(s) // Now with the effect that it has without us.
			}
		}
	}()
}
