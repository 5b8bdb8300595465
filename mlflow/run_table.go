package mlflow

// The messages in this file belong to the table of runs of Millrace's pages.

// RunColumn is a column of a table of runs. Kind is attributes, metrics, params or tags.
//
// Aggregate says which of the values that a run logged for a metric is shown: last, which
// is the default, first, min or max. If By names another metric, the value is that of
// Key at the step where By has its first minimum or maximum. A NaN is no value of an
// aggregate other than last.
//
// The attributes are those that a search of runs can be ordered by, except for
// artifact_uri, and duration, source, dataset and lifecycle_stage.
type RunColumn struct {
	Kind      string `json:"kind" required:"true"`
	Key       string `json:"key" required:"true"`
	Aggregate string `json:"aggregate,omitempty"`
	By        string `json:"by,omitempty"`
}

// RunSort orders a table of runs by a column. Runs without a value come last.
type RunSort struct {
	Column     RunColumn `json:"column" required:"true"`
	Descending bool      `json:"descending,omitempty"`
}

// RunTree says which runs of a tree show their children. A run is open if Open names it,
// if OpenAll is set, or if it is shown because of its descendants only, unless Folded
// names it. If Under names a run, the table has the descendants of this run only.
type RunTree struct {
	OpenAll bool     `json:"open_all,omitempty"`
	Open    []string `json:"open,omitempty"`
	Folded  []string `json:"folded,omitempty"`
	Under   string   `json:"under,omitempty"`
}

// RunGroups puts runs with the same values into groups. By names params, tags and the
// attributes user_id, status, source and dataset. With AllParams instead, runs are in a
// group if all of their params but those named by But are the same. A run without a value
// differs from a run with one.
//
// A group shows its runs if Open has its key or if OpenAll is set, unless Folded has it.
// If Under is the key of a group, the table has the runs of this group only.
type RunGroups struct {
	By        []RunColumn `json:"by,omitempty"`
	AllParams bool        `json:"all_params,omitempty"`
	But       []string    `json:"but,omitempty"`
	OpenAll   bool        `json:"open_all,omitempty"`
	Open      []string    `json:"open,omitempty"`
	Folded    []string    `json:"folded,omitempty"`
	Under     string      `json:"under,omitempty"`
}

// RunTableRequest requests a part of a table of runs.
//
// Without RunIDs, the rows are the runs that a search finds, from Offset on, in the order
// of Sort or OrderBy. With Tree, the rows are the visible rows of a tree. With Groups, the
// rows are groups and the runs of those that are open; a group has the place of its first
// run, or of its mean if the first column of Sort is a metric or the duration. With
// RunIDs, the rows are these runs, as far as they exist in the experiments and the user
// may read them.
//
// MaxResults is 1 to 1,000; the default is 100. Texts of cells are cut after MaxText
// characters, 1 to 65,535; the default is 500.
type RunTableRequest struct {
	ExperimentIDs []string    `json:"experiment_ids"`
	Filter        string      `json:"filter,omitempty"`
	RunViewType   ViewType    `json:"run_view_type,omitempty"`
	OrderBy       []string    `json:"order_by,omitempty"`
	Sort          []RunSort   `json:"sort,omitempty"`
	RunIDs        []string    `json:"run_ids,omitempty"`
	Columns       []RunColumn `json:"columns,omitempty"`
	Tree          *RunTree    `json:"tree,omitempty"`
	Groups        *RunGroups  `json:"groups,omitempty"`
	Offset        int64       `json:"offset,omitempty"`
	MaxResults    *int32      `json:"max_results,omitempty"`
	MaxText       *int32      `json:"max_text,omitempty"`
}

// RunRow is a row of a table of runs. In a tree, Depth is 0 for a run at the top, and
// Children counts the children that the row shows when it is open. Context marks a run
// that does not match the filter itself.
type RunRow struct {
	RunID          string         `json:"run_id"`
	ExperimentID   string         `json:"experiment_id"`
	RunName        string         `json:"run_name"`
	UserID         string         `json:"user_id,omitempty"`
	Status         RunStatus      `json:"status"`
	LifecycleStage LifecycleStage `json:"lifecycle_stage"`
	StartTime      int64          `json:"start_time,omitempty"`
	EndTime        int64          `json:"end_time,omitempty"`
	Depth          int            `json:"depth,omitempty"`
	Children       int            `json:"children,omitempty"`
	Open           bool           `json:"open,omitempty"`
	Context        bool           `json:"context,omitempty"`
	Group          *RunGroup      `json:"group,omitempty"`
}

// RunGroup describes a row that is a group of runs. Such a row has no run, Children is the
// number of its runs, and Open says that they are shown. Key identifies the group among
// those of the same columns. Values has the value of the group in each column of
// RunTableResponse.GroupedBy, or null.
type RunGroup struct {
	Key    string `json:"key"`
	Values []any  `json:"values"`
}

// RunGroupCell is the cell of a group whose runs do not all have the same text. Of
// numbers, it has the mean, the standard deviation of a sample, the smallest and the
// largest; Runs is how many finite numbers there are. Std is absent for a single number.
// Of texts, Distinct is how many there are.
type RunGroupCell struct {
	Mean     *Float `json:"mean,omitempty"`
	Std      *Float `json:"std,omitempty"`
	Min      *Float `json:"min,omitempty"`
	Max      *Float `json:"max,omitempty"`
	Runs     int    `json:"runs,omitempty"`
	Distinct int    `json:"distinct,omitempty"`
}

// RunTableResponse is a part of a table. Columns has a list for each column of the
// request, with the value of each row: a string, a number, or null. In the row of a group,
// it is null, the text that all of its runs have, or a [RunGroupCell].
//
// Total is the number of rows of the whole table, Matching the number of runs that match,
// including those that are folded away. If there are more than 100,000 matching runs,
// Bounded is set, both numbers are 100,000, and the rows are not nested. Up to 10,000
// matching runs are grouped. Grouped says that rows are groups, and GroupedBy has the
// columns whose values tell them apart, at most 20. A response with
// fewer rows than requested is the last one if it reaches Total; otherwise its cells are
// large and the rest must be requested.
type RunTableResponse struct {
	Rows     []RunRow `json:"rows,omitempty"`
	Columns  [][]any  `json:"columns,omitempty"`
	Total    int64    `json:"total"`
	Matching int64    `json:"matching"`
	Bounded  bool     `json:"bounded,omitempty"`
	Nested   bool     `json:"nested,omitempty"`

	Grouped   bool        `json:"grouped,omitempty"`
	GroupedBy []RunColumn `json:"grouped_by,omitempty"`
}

// RunColumnsRequest requests the columns that a table of runs can have. Text selects the
// keys that contain it, in any case.
type RunColumnsRequest struct {
	ExperimentIDs []string `json:"experiment_ids"`
	Filter        string   `json:"filter,omitempty"`
	RunViewType   ViewType `json:"run_view_type,omitempty"`
	Text          string   `json:"text,omitempty"`
	MaxResults    *int32   `json:"max_results,omitempty"`
}

// RunKey is a key with the number of runs that have it. Varies says that two of the runs
// without children have different values.
type RunKey struct {
	Key    string `json:"key"`
	Runs   int64  `json:"runs"`
	Varies bool   `json:"varies,omitempty"`
}

// RunColumnsResponse lists the keys of each kind by the number of runs that have them.
// Counts are those of a kind before MaxResults cuts its list. Runs is the number of runs
// that were read: the newest that match, at most 5,000, and fewer if they have more than
// 500,000 values. Bounded says that there are more.
type RunColumnsResponse struct {
	Attributes  []RunKey `json:"attributes,omitempty"`
	Metrics     []RunKey `json:"metrics,omitempty"`
	Params      []RunKey `json:"params,omitempty"`
	Tags        []RunKey `json:"tags,omitempty"`
	MetricCount int64    `json:"metric_count,omitempty"`
	ParamCount  int64    `json:"param_count,omitempty"`
	TagCount    int64    `json:"tag_count,omitempty"`
	Runs        int64    `json:"runs,omitempty"`
	Bounded     bool     `json:"bounded,omitempty"`
}

// RunValuesRequest requests the values of a column, such as those that a filter can
// compare it with. Text selects the values that contain it, in any case.
type RunValuesRequest struct {
	ExperimentIDs []string  `json:"experiment_ids"`
	Filter        string    `json:"filter,omitempty"`
	RunViewType   ViewType  `json:"run_view_type,omitempty"`
	Column        RunColumn `json:"column" required:"true"`
	Text          string    `json:"text,omitempty"`
	MaxResults    *int32    `json:"max_results,omitempty"`
}

// RunValue is a value of a column with the number of runs that have it.
type RunValue struct {
	Value string `json:"value"`
	Runs  int64  `json:"runs"`
}

// RunValuesResponse lists values by the number of runs that have them.
type RunValuesResponse struct {
	Values []RunValue `json:"values,omitempty"`
}

// RunSelection names runs of an experiment: RunIDs, at most 10,000, or, with All, the
// runs that a search with Filter and RunViewType finds, at most 100,000, without those in
// Except.
type RunSelection struct {
	ExperimentID string   `json:"experiment_id" required:"true"`
	RunIDs       []string `json:"run_ids,omitempty"`
	All          bool     `json:"all,omitempty"`
	Filter       string   `json:"filter,omitempty"`
	RunViewType  ViewType `json:"run_view_type,omitempty"`
	Except       []string `json:"except,omitempty"`
}

// TagRunsRequest sets and removes tags of active runs.
type TagRunsRequest struct {
	Runs   RunSelection `json:"runs" required:"true"`
	Set    []Tag        `json:"set,omitempty"`
	Remove []string     `json:"remove,omitempty"`
}

// RenameRunsRequest renames active runs. In Name, {name} stands for the name of a run and
// {n} for its number in the order of their start.
type RenameRunsRequest struct {
	Runs RunSelection `json:"runs" required:"true"`
	Name string       `json:"name" required:"true"`
}

// RunsRequest deletes or restores runs.
type RunsRequest struct {
	Runs RunSelection `json:"runs" required:"true"`
}

// MoveRunsRequest moves active runs to the experiment TargetID, with the logged models
// that they created. Artifacts stay where they are.
type MoveRunsRequest struct {
	Runs     RunSelection `json:"runs" required:"true"`
	TargetID string       `json:"target_id" required:"true"`
}

// RunsResponse has the ids of the runs of a selection. Either all of them were changed or,
// after an error, none.
type RunsResponse struct {
	RunIDs []string `json:"run_ids,omitempty"`
}
