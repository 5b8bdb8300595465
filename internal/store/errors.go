package store

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

// failure is what a database's error means to us.
type failure int

const (
	failureUnknown failure = iota
	failureUnique
	failureForeignKey
	failureConflict   // with another transaction; this one was undone and can be tried again
	failureConnection // lost or never made
	failureBusy
	failureFull
	failureText // a character that the database cannot keep
	failureTooLong
	failureRange
	failureReadOnly
	failureFile        // SQLite's cannot be opened, read or written
	failureInterrupted // a statement of SQLite, by the end of a context
)

// failureClasses names failures in metrics and logs.
var failureClasses = map[failure]string{
	failureUnknown: "unknown", failureUnique: "unique", failureForeignKey: "foreign_key", failureConflict: "conflict",
	failureConnection: "connection", failureBusy: "busy", failureFull: "full", failureText: "text", failureTooLong: "too_long",
	failureRange: "range", failureReadOnly: "read_only", failureInterrupted: "interrupted", failureFile: "file",
}

// aboutValues reports whether a failure can be due to one request's values, so
// that the other requests of a group may succeed without it.
func (f failure) aboutValues() bool {
	switch f {
	case failureConflict, failureConnection, failureBusy, failureFull, failureReadOnly, failureFile, failureInterrupted:
		return false
	}
	return true
}

var sqliteFailures = map[int]failure{
	sqlite3.SQLITE_CONSTRAINT_UNIQUE: failureUnique, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: failureUnique,
	sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY: failureForeignKey,
}

var sqlitePrimaryFailures = map[int]failure{
	sqlite3.SQLITE_FULL: failureFull, sqlite3.SQLITE_BUSY: failureBusy, sqlite3.SQLITE_LOCKED: failureBusy, sqlite3.SQLITE_READONLY: failureReadOnly,
	sqlite3.SQLITE_INTERRUPT: failureInterrupted, sqlite3.SQLITE_IOERR: failureFile, sqlite3.SQLITE_CANTOPEN: failureFile,
}

// postgresFailures is keyed by SQLSTATE (PostgreSQL's manual, appendix A).
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
	1062: failureUnique, 1761: failureUnique, 1762: failureUnique, 1452: failureForeignKey, 1216: failureForeignKey,
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
	case errors.As(err, &ce), errors.As(err, &ne), errors.Is(err, driver.ErrBadConn), errors.Is(err, mysql.ErrInvalidConn),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), pgconn.Timeout(err), pgconn.SafeToRetry(err):
		return failureConnection
	}
	return failureUnknown
}

// refusedByServer reports whether a connection failed because the server itself
// said that it takes no more of them: it is there, and works.
func refusedByServer(err error) bool {
	var pe *pgconn.PgError
	var me *mysql.MySQLError
	return errors.As(err, &pe) && pe.Code == "53300" || errors.As(err, &me) && me.Number == 1040
}

// uniqueViolation reports whether err says that a key is taken.
func uniqueViolation(err error) bool { return err != nil && classify(err) == failureUnique }

// foreignKeyViolation reports whether err says that a row refers to nothing.
func foreignKeyViolation(err error) bool { return err != nil && classify(err) == failureForeignKey }

var failureErrors = map[failure]*mlflow.Error{
	failureFull:       {Code: mlflow.TemporarilyUnavailable, Message: "The disk that holds the database is full; nothing of this request was stored. Free some space and try again."},
	failureBusy:       {Code: mlflow.TemporarilyUnavailable, Message: "Another program has kept the database locked for more than 10 seconds; nothing of this request was stored. Try again."},
	failureConflict:   {Code: mlflow.TemporarilyUnavailable, Message: "Too many requests change the same rows at once; nothing of this request was stored. Try again."},
	failureConnection: {Code: mlflow.TemporarilyUnavailable, Message: "The database cannot be reached; nothing of this request was stored. Try again."},
	failureReadOnly:   {Code: mlflow.TemporarilyUnavailable, Message: "The database takes no changes at the moment (it is read-only, perhaps a standby); nothing of this request was stored."},
	failureFile:       {Code: mlflow.TemporarilyUnavailable, Message: "The file of the database cannot be opened, read or written; nothing of this request was stored. The server's log says why."},
	failureText:       {Code: mlflow.InvalidParameterValue, Message: "The request holds a character that the database cannot keep, such as NUL; nothing of it was stored. Remove the character."},
	failureTooLong:    {Code: mlflow.InvalidParameterValue, Message: "A text of the request is longer than its column in the database; nothing of the request was stored. Shorten it."},
	failureRange:      {Code: mlflow.InvalidParameterValue, Message: "A number of the request is out of the range of its column in the database; nothing of the request was stored."},
}
