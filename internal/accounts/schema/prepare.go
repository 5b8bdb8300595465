package schema

import (
	"context"
	"log/slog"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store/schema"
)

// Prepare creates the tables of users in a database that has none, or checks the revision
// of existing ones. Then it adds the tables of Millrace. It logs warnings.
func Prepare(ctx context.Context, c *db.Conn, log *slog.Logger) error {
	err := schema.Locked(ctx, c, func() error {
		revision, err := RevisionOf(ctx, c, c.Flavor())
		switch {
		case err != nil:
			return err
		case revision == "":
			if err = checkFree(ctx, c, c.Flavor()); err == nil {
				err = createTables(ctx, c)
			}
		default:
			err = CheckRevision(revision)
		}
		if err != nil {
			return err
		}
		return createOwnTables(ctx, c)
	})
	if err != nil {
		return err
	}
	wrong, err := schema.Collations(ctx, c, c.Flavor())
	for _, sentence := range wrong {
		log.WarnContext(ctx, sentence)
	}
	return err
}
