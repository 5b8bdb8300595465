package db

import (
	"database/sql/driver"
	"errors"
	"io"
	"net"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/millrace-ml/millrace/mlflow"
)

// failure classifies the errors of a database.
type failure int

const (
	failureUnknown failure = iota
	failureUnique
	failureForeignKey
	failureConflict   // The transaction was rolled back because of another one and can be tried again.
	failureConnection // The connection was lost or could not be opened.
	failureBusy
	failureFull
	failureText // The database cannot store a character.
	failureTooLong
	failureRange
	failureReadOnly
	failureFile        // The file of a SQLite database cannot be opened, read or written.
	failureInterrupted // The end of a context interrupted a statement of SQLite.
)

// failureClasses names failures in metrics and logs.
var failureClasses = map[failure]string{
	failureUnknown: "unknown", failureUnique: "unique", failureForeignKey: "foreign_key", failureConflict: "conflict",
	failureConnection: "connection", failureBusy: "busy", failureFull: "full", failureText: "text",
	failureTooLong: "too_long", failureRange: "range", failureReadOnly: "read_only",
	failureInterrupted: "interrupted", failureFile: "file",
}

// dependsOnValues reports whether the values of a request may have caused the
// failure, so that other requests of the same group may succeed without it.
func (f failure) dependsOnValues() bool {
	switch f {
	case failureConflict, failureConnection, failureBusy, failureFull, failureReadOnly, failureFile, failureInterrupted:
		return false
	}
	return true
}

// sqliteFailures is keyed by SQLite's extended result code.
var sqliteFailures = map[int]failure{
	sqlite3.SQLITE_CONSTRAINT_UNIQUE: failureUnique, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: failureUnique,
	sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY: failureForeignKey,
}

// sqlitePrimaryFailures is keyed by SQLite's primary result code.
var sqlitePrimaryFailures = map[int]failure{
	sqlite3.SQLITE_FULL: failureFull, sqlite3.SQLITE_READONLY: failureReadOnly,
	sqlite3.SQLITE_BUSY: failureBusy, sqlite3.SQLITE_LOCKED: failureBusy,
	sqlite3.SQLITE_INTERRUPT: failureInterrupted,
	sqlite3.SQLITE_IOERR:     failureFile, sqlite3.SQLITE_CANTOPEN: failureFile,
}

// postgresFailures is keyed by SQLSTATE, see appendix A of PostgreSQL's manual.
var postgresFailures = map[string]failure{
	"23505": failureUnique, "23503": failureForeignKey,
	"40001": failureConflict, "40P01": failureConflict,
	"57P01": failureConnection, "57P02": failureConnection, "57P03": failureConnection, "53300": failureConnection,
	"55P03": failureBusy, "57014": failureBusy,
	"53100": failureFull,
	"22021": failureText, "22P05": failureText,
	"22001": failureTooLong, "54000": failureTooLong,
	"22003": failureRange,
	"25006": failureReadOnly,
}

// mysqlFailures is keyed by the server's error number.
var mysqlFailures = map[uint16]failure{
	1062: failureUnique, 1761: failureUnique, 1762: failureUnique,
	1452: failureForeignKey, 1216: failureForeignKey,
	1213: failureConflict, 1020: failureConflict,
	1040: failureConnection, 1053: failureConnection, 1927: failureConnection,
	1205: failureBusy, 3024: failureBusy, 1969: failureBusy,
	1114: failureFull, 1021: failureFull, 3: failureFull,
	1366: failureText, 1300: failureText,
	1406: failureTooLong, 1153: failureTooLong,
	1264: failureRange, 1690: failureRange,
	1290: failureReadOnly, 1792: failureReadOnly,
}

func classify(err error) failure {
	var se *sqlite.Error
	var pe *pgconn.PgError
	var me *mysql.MySQLError
	var ce *pgconn.ConnectError
	var ne *net.OpError
	switch {
	case errors.As(err, &se):
		if f := sqliteFailures[se.Code()]; f != failureUnknown {
			return f
		}
		return sqlitePrimaryFailures[se.Code()&0xff]
	case errors.As(err, &pe):
		if f := postgresFailures[pe.Code]; f != failureUnknown || len(pe.Code) < 2 || pe.Code[:2] != "08" {
			return f
		}
		return failureConnection
	case errors.As(err, &me):
		return mysqlFailures[me.Number]
	case errors.As(err, &ce), errors.As(err, &ne), pgconn.Timeout(err), pgconn.SafeToRetry(err),
		errors.Is(err, driver.ErrBadConn), errors.Is(err, mysql.ErrInvalidConn),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return failureConnection
	}
	return failureUnknown
}

// tooManyConnections reports whether a server refused a connection because it has
// reached its limit. Such a server is up.
func tooManyConnections(err error) bool {
	var pe *pgconn.PgError
	var me *mysql.MySQLError
	return errors.As(err, &pe) && pe.Code == "53300" || errors.As(err, &me) && me.Number == 1040
}

// IsUniqueViolation reports whether err is the violation of a unique key.
func IsUniqueViolation(err error) bool { return err != nil && classify(err) == failureUnique }

// IsForeignKeyViolation reports whether err is the violation of a foreign key.
func IsForeignKeyViolation(err error) bool { return err != nil && classify(err) == failureForeignKey }

// failureErrors are the API errors for the failures that a user or an
// administrator can resolve.
var failureErrors = map[failure]*mlflow.Error{
	failureFull: unavailable("The disk that holds the database is full; nothing of this request was stored. " +
		"Free some space and try again."),
	failureBusy: unavailable("Another program has kept the database locked for more than 10 seconds; " +
		"nothing of this request was stored. Try again."),
	failureConflict: unavailable("Too many requests change the same rows at once; nothing of this request was stored. " +
		"Try again."),
	failureConnection: unavailable("The database cannot be reached; nothing of this request was stored. Try again."),
	failureReadOnly: unavailable("The database takes no changes at the moment (it is read-only, perhaps a standby); " +
		"nothing of this request was stored."),
	failureFile: unavailable("The file of the database cannot be opened, read or written; " +
		"nothing of this request was stored. The server's log says why."),
	failureText: invalid("The request holds a character that the database cannot keep, such as NUL; " +
		"nothing of it was stored. Remove the character."),
	failureTooLong: invalid("A text of the request is longer than its column in the database; " +
		"nothing of the request was stored. Shorten it."),
	failureRange: invalid("A number of the request is out of the range of its column in the database; " +
		"nothing of the request was stored."),
}

func unavailable(message string) *mlflow.Error {
	return &mlflow.Error{Code: mlflow.TemporarilyUnavailable, Message: message}
}

func invalid(message string) *mlflow.Error {
	return &mlflow.Error{Code: mlflow.InvalidParameterValue, Message: message}
}
