package webhooks

import (
	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/webhooks"
)

// runEnds has the events of the statuses that end a run.
var runEnds = map[mlflow.RunStatus]webhooks.Event{
	mlflow.RunFinished: {Entity: webhooks.Run, Action: webhooks.Finished},
	mlflow.RunFailed:   {Entity: webhooks.Run, Action: webhooks.Failed},
	mlflow.RunKilled:   {Entity: webhooks.Run, Action: webhooks.Killed},
}

// FireStatus queues the event of a run whose status has changed, if the status ends it.
func (t Tx) FireStatus(run *mlflow.RunInfo) error {
	event, ends := runEnds[run.Status]
	if !ends {
		return nil
	}
	return t.Fire([]webhooks.Event{event}, func() (webhooks.Event, *python.Dict, error) {
		var experiment string
		err := t.QueryRow(`SELECT e.name FROM experiments e JOIN runs r ON r.experiment_id = e.experiment_id
			WHERE r.run_uuid = ?`, run.RunID).Scan(&experiment)
		var end any
		if run.EndTime != 0 {
			end = python.IntOf(run.EndTime)
		}
		return event, Fields(
			"run_id", run.RunID, "run_name", run.RunName, "experiment_id", run.ExperimentID, "experiment_name", experiment,
			"status", string(run.Status), "start_time", python.IntOf(run.StartTime), "end_time", end, "user_id", run.UserID,
		), err
	})
}
