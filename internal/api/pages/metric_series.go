package pages

import (
	"context"

	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/series"
	"github.com/millrace-ml/millrace/internal/store/history"
	"github.com/millrace-ml/millrace/mlflow"
)

const (
	maxSeries       = 2000    // metrics times runs
	maxSample       = 2500    // values of a series
	maxSeriesValues = 400_000 // series times samples, which take 40 MiB
)

func (h *Handlers) metricSeries(
	ctx context.Context,
	in *mlflow.MetricSeriesRequest,
) (*mlflow.MetricSeriesResponse, error) {
	q, err := seriesQuery(in)
	if err != nil {
		return nil, err
	}
	statuses, list, err := h.Store.MetricSeries(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &mlflow.MetricSeriesResponse{Statuses: statuses, Series: make([]mlflow.MetricSeries, len(list))}
	for i, found := range list {
		n := len(found.Points)
		m := mlflow.MetricSeries{
			Run: found.Run, Key: found.Key, Whole: found.Whole,
			Steps: make(mlflow.Deltas, n), Times: make(mlflow.Deltas, n), Values: make([]mlflow.Float, n),
		}
		if q.Window == nil {
			m.End = found.End.String()
		}
		for j, p := range found.Points {
			m.Steps[j], m.Times[j], m.Values[j] = p.Step, p.Time, mlflow.Float(p.Value)
		}
		out.Series[i], list[i].Points = m, nil
	}
	return out, nil
}

// seriesQuery checks a request.
func seriesQuery(in *mlflow.MetricSeriesRequest) (*history.SeriesQuery, error) {
	if err := checkSeriesSize(in); err != nil {
		return nil, err
	}
	q := &history.SeriesQuery{
		RunIDs: in.RunIDs, Keys: in.MetricKeys, Samples: int(in.Samples), Axis: series.Axis(in.Axis),
	}
	switch q.Axis {
	case "":
		q.Axis = series.ByStep
	case series.ByStep, series.ByTime, series.Relative:
	default:
		return nil, apierror.Invalid("axis must be 'step', 'time' or 'relative'. Got '%s'.", apierror.Shorten(in.Axis))
	}
	switch {
	case (in.From == nil) != (in.To == nil):
		return nil, apierror.Invalid("from and to are used together. The request has only one of them.")
	case in.From != nil && *in.From > *in.To:
		return nil, apierror.Invalid("to must be at least from. Got from=%d and to=%d.", *in.From, *in.To)
	case in.From != nil && in.Ends != nil:
		return nil, apierror.Invalid("ends are those of whole series. A request with from and to has none.")
	case in.From != nil:
		q.Window = &series.Window{From: *in.From, To: *in.To}
	}
	if in.Ends == nil {
		return q, nil
	}
	if want := len(in.RunIDs) * len(in.MetricKeys); len(in.Ends) != want {
		return nil, apierror.Invalid("ends must have one text for each metric of each run: %d. Got %d.", want, len(in.Ends))
	}
	q.Ends = make([]series.Position, len(in.Ends))
	for i, text := range in.Ends {
		var err error
		if q.Ends[i], err = series.ParsePosition(text); err != nil {
			return nil, apierror.Invalid("ends[%d] is not the end of a series: %v.", i, err)
		}
	}
	return q, nil
}

// checkSeriesSize checks the numbers of runs, metrics and samples.
func checkSeriesSize(in *mlflow.MetricSeriesRequest) error {
	runs, keys := int64(len(in.RunIDs)), int64(len(in.MetricKeys))
	switch {
	case runs == 0 || keys == 0:
		return apierror.Invalid("run_ids and metric_keys must not be empty.")
	case in.Samples < series.MinSamples || in.Samples > maxSample:
		return apierror.Invalid("samples must be between %d and %d. Got %d.", series.MinSamples, maxSample, in.Samples)
	case runs*keys > maxSeries:
		return apierror.Invalid("One request can ask for at most %d series. Got %d metrics of %d runs.",
			maxSeries, keys, runs)
	case runs*keys*in.Samples > maxSeriesValues:
		return apierror.Invalid("One request can ask for at most %d values. Got %d samples of %d metrics of %d runs.",
			maxSeriesValues, in.Samples, keys, runs)
	}
	for name, list := range map[string][]string{"run_ids": in.RunIDs, "metric_keys": in.MetricKeys} {
		if text, twice := repeated(list); twice {
			return apierror.Invalid("%s has '%s' twice.", name, apierror.Shorten(text))
		}
	}
	return nil
}

// repeated returns a text that a list has more than once.
func repeated(list []string) (text string, found bool) {
	seen := make(map[string]bool, len(list))
	for _, text := range list {
		if seen[text] {
			return text, true
		}
		seen[text] = true
	}
	return "", false
}
