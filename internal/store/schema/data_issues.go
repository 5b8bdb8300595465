package schema

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"

	"github.com/millrace-ml/millrace/internal/db"
)

// listCategories writes each category in the JSON list of an issue as a row, with the
// hash that MLflow searches by.
func (p *planner) listCategories(ctx context.Context, q db.Querier) error {
	type category struct{ issue, hash, text string }
	var found []category
	err := eachRow(ctx, q, `SELECT issue_id, categories FROM issues WHERE categories IS NOT NULL`, 2, func(v []string) {
		var list []any
		if json.Unmarshal([]byte(v[1]), &list) != nil {
			return // Text that is not a list has no categories.
		}
		at := map[string]int{}
		for _, item := range list {
			text, ok := item.(string)
			if !ok {
				continue
			}
			hash := categoryHash(text)
			if i, again := at[hash]; again {
				found[i].text = text // MLflow keeps the last spelling.
				continue
			}
			at[hash] = len(found)
			found = append(found, category{v[0], hash, text})
		}
	})
	if err != nil {
		return err
	}
	if _, err := q.ExecContext(ctx, `DELETE FROM issue_categories`); err != nil {
		return err // An interrupted upgrade wrote this row.
	}
	places := "?, ?, ?"
	if p.f == db.PostgreSQL {
		places = "$1, $2, $3"
	}
	for _, c := range found {
		if _, err := q.ExecContext(ctx, `INSERT INTO issue_categories (issue_id, category_hash, category)
			VALUES (`+places+`)`, c.issue, c.hash, c.text); err != nil {
			return err
		}
	}
	return nil
}

// categoryHash returns the SHA-256 of the text in lower case without surrounding spaces,
// where Python defines case and spaces.
func categoryHash(text string) string {
	text = strings.TrimFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f })
	sum := sha256.Sum256([]byte(cases.Lower(language.Und).String(text)))
	return hex.EncodeToString(sum[:])
}

// checkVersions adds a step before all others that refuses references which differ in
// case from the version of the MCP server that they name. MySQL distinguishes case in
// these columns since MLflow 3.18.
func (p *planner) checkVersions() {
	if !p.f.IsMySQL() || !p.passes("f4a9b2c7d1e6") {
		return
	}
	p.addFunc("compare the spelling of versions of MCP servers", func(ctx context.Context, q db.Querier) error {
		for _, r := range []struct{ table, name, version string }{
			{"mcp_server_version_tags", "name", "version"},
			{"mcp_server_aliases", "name", "version"},
			{"mcp_access_endpoints", "server_name", "server_version"},
		} {
			if p.have[r.table] == nil || p.have["mcp_server_versions"] == nil {
				continue // This upgrade creates the table, or an interrupted one did.
			}
			var wrong []string
			err := eachRow(ctx, q, fmt.Sprintf(`SELECT r.%[2]s, r.%[3]s, v.version FROM %[1]s r JOIN mcp_server_versions v
				ON r.workspace = v.workspace AND r.%[2]s = v.name AND r.%[3]s = v.version
				WHERE r.%[3]s COLLATE %[4]s <> v.version COLLATE %[4]s LIMIT 1`,
				r.table, r.name, r.version, casedCollation), 3, func(v []string) {
				wrong = v
			})
			if err != nil {
				return err
			}
			if wrong != nil {
				return fmt.Errorf(
					"%s.%s is %q for the server %q, whose version is spelled %q; MLflow 3.18 tells upper and lower case apart "+
						"there. Spell both the same and try again",
					r.table, r.version, wrong[1],
					wrong[0], wrong[2],
				)
			}
		}
		return nil
	})
}
