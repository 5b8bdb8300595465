package db

// Flavor is a kind of database.
type Flavor int

// The kinds of databases that MLflow and Millrace support.
const (
	SQLite Flavor = iota + 1
	PostgreSQL
	MySQL
	MariaDB
)

func (f Flavor) String() string {
	return [...]string{"no database", "SQLite", "PostgreSQL", "MySQL", "MariaDB"}[f]
}

// IsMySQL reports whether the database uses MySQL's SQL.
func (f Flavor) IsMySQL() bool { return f == MySQL || f == MariaDB }

// Collation returns the collation of our tables on MySQL and MariaDB. It compares
// every character, including case and trailing spaces. It is "" for the other
// databases, which compare this way by default.
func (f Flavor) Collation() string {
	switch f {
	case MySQL:
		return "utf8mb4_0900_bin"
	case MariaDB:
		return "utf8mb4_nopad_bin"
	default:
		return ""
	}
}

// Rewrite translates a query, as described by [Tx], to the database's SQL. The
// types of args are those with which it will run.
func (f Flavor) Rewrite(query string, args []any) string {
	return dialectOf(f).rewrite(query, args)
}
