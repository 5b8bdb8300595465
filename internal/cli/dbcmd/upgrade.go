package dbcmd

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	users "github.com/millrace-ml/millrace/internal/accounts/schema"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store/schema"
)

func newUpgrade() *cobra.Command {
	var plan bool
	var to string
	cmd := &cobra.Command{
		Use:   "upgrade [URI]",
		Short: "Upgrade a database of MLflow 2.22 or later to a newer schema",
		Long: `Upgrade a database of MLflow 2.22 or later to the schema of a newer release, as
"mlflow db upgrade" of that release does. The default URI is the one that a server opens.

--to selects the release by its number (` + releases() + `) or by its schema revision.
The default is the newest one.

The tables of users and permissions of MLflow's basic-auth are upgraded too, in the same
database or in one of their own. A permission NO_PERMISSIONS becomes DENY there. MLflow drops
it, so that the user has the default permission afterwards.

Stop all servers of the database first. A SQLite file is backed up before the upgrade;
back up other databases yourself. The upgrade is atomic, except on MariaDB: if it is
interrupted there, run the same command again to complete it. The tables of users are
upgraded after the others.`,
		Example: `  millrace db upgrade --plan sqlite:///mlflow.db
  millrace db upgrade sqlite:///mlflow.db`,
		Args: cobra.MaximumNArgs(1),
		RunE: onDatabase(func(cmd *cobra.Command, uri string, sqlDB *sql.DB, f db.Flavor) error {
			release, err := schema.FindRelease(to)
			if err != nil {
				return fmt.Errorf("--to: %w", err)
			}
			u := &upgrade{sqlDB: sqlDB, flavor: f, plan: plan, out: cmd.OutOrStdout()}
			if err := u.run(cmd.Context(), release); err != nil {
				return fmt.Errorf("upgrading %s: %w", db.RedactURI(uri), err)
			}
			return nil
		}),
	}
	cmd.Flags().BoolVar(&plan, "plan", false, "print the steps and change nothing")
	cmd.Flags().StringVar(&to, "to", "", "MLflow `release` to upgrade to, such as "+schema.Newest().Name)
	return cmd
}

// upgrade is an upgrade of a database.
type upgrade struct {
	sqlDB  *sql.DB
	flavor db.Flavor
	plan   bool
	out    io.Writer
	steps  int
}

// run upgrades the tables that the database has.
func (u *upgrade) run(ctx context.Context, to *schema.Release) error {
	found, err := users.Find(ctx, u.sqlDB, u.flavor)
	if err != nil {
		return err
	}
	if found.Users { // An upgrade that is impossible must fail before the other tables change.
		if err := users.Upgrade(ctx, u.sqlDB, u.flavor, true, func(string) {}); err != nil {
			return err
		}
	}
	if found.Runs || !found.Users {
		if err := u.upgradeRuns(ctx, to); err != nil {
			return err
		}
	}
	if found.Users { // All releases have the same tables of users.
		if err := u.upgradeUsers(ctx); err != nil {
			return err
		}
	}
	if u.plan && u.steps > 0 {
		fmt.Fprintf(u.out, "The upgrade has %d steps. Nothing was changed. Run it without --plan to upgrade.\n", u.steps)
	}
	return nil
}

func (u *upgrade) upgradeRuns(ctx context.Context, to *schema.Release) error {
	steps := 0
	err := schema.Upgrade(ctx, u.sqlDB, u.flavor, to, u.plan, func(step string) {
		steps++
		fmt.Fprintln(u.out, step)
	})
	if err != nil || steps < 2 { // It has nothing to do.
		return err
	}
	u.steps += steps
	if !u.plan {
		fmt.Fprintf(u.out, "The database is at revision %s, of %s.\n", to.Revision, to)
	}
	return nil
}

func (u *upgrade) upgradeUsers(ctx context.Context) error {
	revision, err := users.RevisionOf(ctx, u.sqlDB, u.flavor)
	if err != nil {
		return err
	}
	steps := 0
	err = users.Upgrade(ctx, u.sqlDB, u.flavor, u.plan, func(step string) {
		steps++
		fmt.Fprintln(u.out, step)
	})
	if err != nil || revision == users.Revision {
		return err
	}
	u.steps += steps
	if !u.plan {
		fmt.Fprintf(u.out, "The tables of users are at revision %s, of MLflow 3.17.\n", users.Revision)
	}
	return nil
}

// releases returns the names of the releases whose databases a server opens.
func releases() string {
	var names []string
	for _, r := range schema.Releases {
		names = append(names, r.Name)
	}
	return strings.Join(names, ", ")
}
