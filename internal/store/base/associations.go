package base

// Types of the ends of an association.
const (
	EndTrace      = "trace"
	EndRun        = "run"
	EndPrompt     = "prompt_version"
	EndDataset    = "evaluation_dataset"
	EndExperiment = "experiment"
)

// Association links two things, each named by its type and its id. ID is the association's own.
type Association struct {
	ID                  string
	SourceType, Source  string
	DestinationType, To string
}

// Associate adds n associations. One that exists stays as it is.
func (t Transaction) Associate(n int, of func(i int) Association) error {
	now := NowMS()
	_, err := t.InsertRows(
		`INSERT INTO entity_associations (association_id, source_type, source_id, destination_type, destination_id,
			created_time)`,
		` ON CONFLICT (source_type, source_id, destination_type, destination_id) DO NOTHING`,
		6, n, func(args []any, i int) []any {
			a := of(i)
			return append(args, a.ID, a.SourceType, a.Source, a.DestinationType, a.To, now)
		},
	)
	return err
}
