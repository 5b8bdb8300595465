package store

import "context"

// SetStatuses ends runs in one transaction, in the order of their ids, and calls
// between after each. It is how tests make transactions block each other.
func (s *Store) SetStatuses(ctx context.Context, between func(), ids ...string) error {
	return s.inTx(ctx, func(t tx) error {
		for _, id := range ids {
			if _, err := t.exec(`UPDATE runs SET status = 'FINISHED' WHERE run_uuid = ?`, id); err != nil {
				return err
			}
			between()
		}
		return nil
	})
}
